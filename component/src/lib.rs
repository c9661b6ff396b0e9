//! test
mod bindings;
use bindings::workflow;
use bindings::exports::workflow::connector as e;
struct Openai;
impl e::describe::Guest for Openai { fn describe()->e::describe::Component{ todo!() } }
impl e::connection::Guest for Openai { fn define()->e::connection::Definition{todo!()} fn test(s:String)->Result<String,e::connection::Failure>{
 let r = workflow::connector::http::send(&workflow::connector::http::Request{method:workflow::connector::http::Method::Get,path:s,query:vec![],headers:vec![],body:workflow::connector::http::Body::None})?; r.text()} }
impl e::actions::Guest for Openai { fn run(_a:String,_b:String,_c:String)->Result<e::actions::Outcome,e::actions::Failure>{todo!()}
 fn options(_a:String,_b:String,_c:String,_d:Option<String>,_e:String)->Result<e::actions::OptionList,e::actions::Failure>{todo!()}
 fn output_schema(_a:String,_b:String,_c:String)->Result<String,e::actions::Failure>{todo!()} }

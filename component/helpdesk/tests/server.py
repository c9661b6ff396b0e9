#!/usr/bin/env python3
"""A small helpdesk on 127.0.0.1 for trying out the connector.

    python3 component/helpdesk/tests/server.py [PORT]

It prints its base URL. The API key is `helpdesk-test-key-0001`.
"""

import email
import email.policy
import json
import re
import sys
from datetime import date, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

KEY = "helpdesk-test-key-0001"
PROJECTS = {
    "web": ("Website", {"login": "Sign-In", "shop": "Shop"}),
    "app": ("Mobile App", {"crash": "Crash", "sync": "Synchronization"}),
}
STATUSES = ["open", "pending", "solved", "closed"]
TICKETS = {}
ATTACHMENTS = {}


class Fault(Exception):
    def __init__(self, status, code, text, field=None, headers=()):
        self.status, self.headers = status, headers
        self.fault = {"code": code, "text": text, "field": field}


def invalid(field, text):
    return Fault(422, "validation_failed", text, field)


def add_ticket(base, ticket):
    number = len(TICKETS) + 1
    created = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=number)
    TICKETS[number] = {
        "id": number,
        "url": f"{base}/agent/tickets/{number}",
        "project": ticket["project"],
        "category": ticket.get("category"),
        "subject": ticket["subject"],
        "status": ticket.get("status", "open"),
        "priority": ticket.get("priority", "normal"),
        "due_date": ticket.get("due_date"),
        "requester": ticket["requester"],
        "tags": ticket.get("tags", []),
        "fields": ticket.get("fields", []),
        "created_at": created.isoformat().replace("+00:00", "Z"),
    }
    return TICKETS[number]


def check_ticket(ticket):
    project = ticket.get("project")
    if project not in PROJECTS:
        raise invalid("ticket.project", f"Unknown project “{project}”.")
    category = ticket.get("category")
    if category is not None and category not in PROJECTS[project][1]:
        raise invalid("ticket.category", f"Unknown category “{category}”.")
    if len(ticket.get("subject", "").strip()) < 3:
        raise invalid("ticket.subject", "The subject must have at least 3 characters.")
    if "@" not in ticket.get("requester", {}).get("email", ""):
        raise invalid("ticket.requester.email", "Not a valid email address.")
    if ticket.get("due_date", "9999-12-31") < date.today().isoformat():
        raise invalid("ticket.due_date", "The due date is in the past.")
    for index, field in enumerate(ticket.get("fields", [])):
        if field["name"] not in ("browser", "version"):
            raise invalid(f"ticket.fields[{index}].name", f"Unknown field “{field['name']}”.")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, content_type="application/json", headers=()):
        if content_type == "application/json":
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-request-id", f"req-{id(self) % 100000}")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            self.route()
        except Fault as fault:
            self.answer(fault.status, {"fault": fault.fault}, headers=fault.headers)

    do_GET = do_POST = handle_request

    def route(self):
        url = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        key = self.headers.get("x-helpdesk-key")
        if key is None:
            raise Fault(401, "key_missing", "The header X-Helpdesk-Key is missing.")
        if key != KEY:
            raise Fault(401, "key_unknown", f"Unknown key {key}.")
        for method, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, url.path)
            if match and method == self.command:
                return handler(self, *match.groups())
        raise Fault(404, "no_such_path", f"Unknown endpoint {self.command} {url.path}.")

    def me(self):
        self.answer(200, {"name": "Ada", "account": "Example"})

    def projects(self):
        self.answer(200, {"projects": [{"id": id, "name": it[0]} for id, it in PROJECTS.items()]})

    def categories(self, project):
        if project not in PROJECTS:
            raise Fault(404, "not_found", f"Unknown project “{project}”.")
        items = PROJECTS[project][1].items()
        self.answer(200, {"categories": [{"id": id, "name": name} for id, name in items]})

    def list_tickets(self):
        status, project = self.query.get("status"), self.query.get("project")
        if status not in (None, *STATUSES):
            raise invalid("status", f"Unknown status “{status}”.")
        if project not in (None, *PROJECTS):
            raise invalid("project", f"Unknown project “{project}”.")
        page, size = int(self.query.get("page", 1)), min(int(self.query.get("per_page", 25)), 25)
        found = [
            ticket
            for ticket in reversed(TICKETS.values())
            if status in (None, ticket["status"]) and project in (None, ticket["project"])
        ]
        more = page * size < len(found)
        tickets = found[(page - 1) * size : page * size]
        self.answer(200, {"tickets": tickets, "next_page": page + 1 if more else None})

    def create_ticket(self):
        ticket = json.loads(self.body)["ticket"]
        # Subjects that trigger other responses.
        if ticket.get("subject") == "slow down":
            raise Fault(429, "too_fast", "Slow down.", headers=[("retry-after", "1")])
        if ticket.get("subject") == "plan limit":
            raise Fault(403, "plan_limit_reached", "Your plan has no more tickets this month.")
        if ticket.get("subject") == "bad gateway":
            return self.answer(502, b"<html><h1>Bad Gateway</h1></html>", "text/html")
        if ticket.get("subject") == "no json":
            return self.answer(200, b"<html><h1>Welcome</h1></html>", "text/html")
        check_ticket(ticket)
        self.answer(201, {"ticket": add_ticket(self.server.base, ticket)})

    def upload(self, number):
        if int(number) not in TICKETS:
            raise Fault(404, "not_found", f"Ticket {number} not found.", "ticket")
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        form = email.message_from_bytes(head + self.body, policy=email.policy.HTTP)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        if "file" not in parts:
            raise invalid("file", "The form contains no file.")
        content = parts["file"].get_payload(decode=True)
        name = parts["file"].get_filename()
        id = len(ATTACHMENTS) + 1
        attachment = {
            "id": id,
            "url": f"{self.server.base}/files/{id}/{quote(name)}",
            "name": name,
            "content_type": parts["file"].get_content_type(),
            "size": len(content),
        }
        ATTACHMENTS[id] = attachment, content
        self.answer(201, {"attachment": attachment})

    def attachment(self, id):
        if int(id) not in ATTACHMENTS:
            raise Fault(404, "not_found", f"Attachment {id} not found.", "attachment")
        return ATTACHMENTS[int(id)]

    def describe_attachment(self, id):
        self.answer(200, {"attachment": self.attachment(id)[0]})

    def download(self, id):
        attachment, content = self.attachment(id)
        self.answer(200, content, attachment["content_type"])


ROUTES = [
    ("GET", r"/v2/me", Handler.me),
    ("GET", r"/v2/projects", Handler.projects),
    ("GET", r"/v2/projects/([^/]+)/categories", Handler.categories),
    ("GET", r"/v2/tickets", Handler.list_tickets),
    ("POST", r"/v2/tickets", Handler.create_ticket),
    ("POST", r"/v2/tickets/(\d+)/attachments", Handler.upload),
    ("GET", r"/v2/attachments/(\d+)", Handler.describe_attachment),
    ("GET", r"/v2/attachments/(\d+)/content", Handler.download),
]


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 0), Handler)
    server.base = f"http://127.0.0.1:{server.server_port}"
    for number in range(1, 61):
        add_ticket(server.base, {
            "project": "web" if number % 2 else "app",
            "subject": f"Question {number}",
            "status": STATUSES[number % 4],
            "requester": {"email": "grace@example.com", "name": "Grace"},
        })
    print(f"{server.base}/v2", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

//! Tests of the whole: the real component in the real host over real sockets.
//! Each module reads as a list of what must hold for one subject.

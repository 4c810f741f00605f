//! The ordered parallel pipeline: jobs come in order, are worked on by several threads, and their
//! results come out in the same order, with a bounded number in flight.

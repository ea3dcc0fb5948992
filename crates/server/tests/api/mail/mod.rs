//! Messages to users: what they say, and how they leave.

mod content;
mod delivery;
mod mailbox;
mod smtp;

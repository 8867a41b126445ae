//! What takes time to play, in one program: the end-to-end tests mostly wait, and the simulator computes meanwhile.

mod e2e;
mod sandbox;
mod simulator;
mod years;

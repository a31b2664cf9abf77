//! The access policy engine, from the outside: what documents are taken, what they mean, and how they are written.

mod bounds;
mod canonical;
mod evaluation;
mod naive;
mod properties;
mod publishing;
mod reference;
mod support;
mod validation;

//! The operator against a real API server, moto and DynamoDB Local.

mod audit;
mod denials;
mod drift;
mod kinds;
mod locks;
mod policies;
mod revoke;
mod sessions;
mod story;
mod tables;
mod webhooks;
pub mod world;

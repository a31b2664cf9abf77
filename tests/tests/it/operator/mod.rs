//! The operator against a real API server, moto and DynamoDB Local.

mod audit;
mod denials;
mod drift;
pub mod emergencies;
pub mod ground;
mod kinds;
mod locks;
mod notifications;
mod policies;
mod receiver;
mod requests;
mod revoke;
mod sessions;
mod story;
mod tables;
mod webhooks;
pub mod world;

//! The operator against a real API server, moto and DynamoDB Local.

mod policies;
mod sessions;
mod webhooks;
mod world;

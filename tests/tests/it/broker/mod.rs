//! The broker against a real API server (tokens bound to pods, watches, Events), DynamoDB Local and moto.

mod explains;
mod grants;
mod issues;
mod locks;
mod refuses;
mod stage;
mod stops;
mod tables;

//! One HTTPS connection.

use std::io;
use std::sync::Arc;

use http::{Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::AskError;
use super::answer::Raw;
use crate::config::BrokerAddress;

/// Of an answer. A grant with a trust bundle has some 10 KiB.
const BODY_BYTES: usize = 256 * 1024;
/// hyper's least.
const BUFFER_BYTES: usize = 8 * 1024;

pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub async fn open(address: &BrokerAddress, client: Arc<ClientConfig>) -> Result<Self, AskError> {
        let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(client).connect(name, stream).await?;
        let (sender, connection) =
            http1::Builder::new().max_buf_size(BUFFER_BYTES).handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped, or with the connection; an error shows at the sender too.
        tokio::spawn(async move { _ = connection.await });
        Ok(Self { sender })
    }

    pub fn is_usable(&self) -> bool {
        !self.sender.is_closed()
    }

    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Raw, AskError> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Raw { status: head.status.as_u16(), retry_after, body: read(body).await? })
    }
}

async fn read(body: Incoming) -> Result<Bytes, AskError> {
    Ok(Limited::new(body, BODY_BYTES).collect().await.map_err(AskError::Body)?.to_bytes())
}

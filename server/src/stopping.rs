//! How the service is told to stop: the first signal lets what was begun finish, a second one does not wait.

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that ask this process to stop, caught from the moment this exists.
#[derive(Debug)]
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Begins to catch them.
    pub fn catch() -> anyhow::Result<Self> {
        let catch = |kind| signal(kind).context("cannot catch the signals that stop the service");
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Ends the live lines and the server with the first signal, and at once with the second.
    pub async fn obey(mut self, server: ServerHandle, stopping: CancellationToken) {
        self.next().await;
        tracing::info!("asked to stop; finishing what was begun");
        stopping.cancel();
        tokio::select! {
            () = server.stop(true) => {}
            () = self.next() => server.stop(false).await,
        }
    }
}

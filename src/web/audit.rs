//! What is refused of changes is told to the log, and what was used is noted.

use super::rights::Right;
use super::{App, down, problem, work};
use crate::access::Refusal;
use hyper::Method;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use warp::reply::Response;

/// What has gathered is written down so often.
const SETTLED_EVERY: Duration = Duration::from_secs(10);

/// For whom somebody tried to log in: id and name. What is typed and is nobody's name is not written down, for it may have
/// been a password.
#[derive(Debug, Clone)]
pub(super) struct Tried(pub(super) String, pub(super) String);

/// What is known of a request while it is admitted.
#[derive(Debug)]
pub(super) struct Trail {
    /// The other end of the connection.
    pub(super) address: IpAddr,
    pub(super) method: Method,
    /// None while it is not known whose it is: id and name.
    pub(super) identity: Option<(String, String)>,
    /// None where nothing is served.
    pub(super) right: Option<&'static Right>,
}

impl Trail {
    /// Tells the log of a change that was refused for who asked.
    pub(super) fn note(self, app: &Arc<App>, response: &Response) {
        let status = response.status();
        // of orders every refusal is told: whoever tries old or altered ones wants to be heard
        let order = !status.is_success() && self.right.is_some_and(|right| right.path == "/orders");
        let refused = order || matches!(status.as_u16(), 401 | 403 | 429);
        if !refused || matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return;
        }
        let code = response.extensions().get::<problem::Refused>().map(|code| code.0.to_string());
        let tried = response.extensions().get::<Tried>().map(|tried| (tried.0.clone(), tried.1.clone()));
        let refusal = Refusal {
            code: code.unwrap_or_else(|| response.status().as_str().to_owned()),
            identity: self.identity.or(tried),
            address: self.address.to_canonical().to_string(),
            method: self.method.to_string(),
            path: self.right.map(|right| right.path),
        };
        let app = Arc::clone(app);
        // whoever is refused waits for no disk; rows are few, see `Refusal`
        tokio::task::spawn_blocking(move || app.access.note_refusal(refusal));
    }
}

/// Writes down what has gathered, until the daemon goes down.
pub(super) async fn keep(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    loop {
        let ending = tokio::time::timeout(SETTLED_EVERY, down(&mut shutdown)).await.is_ok();
        let settled = work(&app, move |app| {
            if ending {
                app.access.settle_all();
            } else {
                app.access.settle();
            }
            Ok(())
        });
        if let Err(error) = settled.await {
            tracing::warn!(%error, "what has gathered at the door was not written down");
        }
        if ending {
            return;
        }
    }
}

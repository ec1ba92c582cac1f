//! The one error of the root package: what kind it is, a stable code, and a sentence with the remedy.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What went wrong, coarsely. Mapped to an HTTP status in `web::problem` and to an exit code in `main`, nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request or file cannot be read at all (malformed JSON, multipart, number).
    Malformed,
    /// It can be read, but what it says is not acceptable.
    Unacceptable,
    /// Nobody showed who they are, or the token is unknown, expired or revoked.
    Unauthenticated,
    /// The caller is known, and may not do this.
    Forbidden,
    /// The object named does not exist.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The object is in a state that does not allow this.
    Conflict,
    /// The object changed since the caller read it.
    PreconditionFailed,
    /// A change was asked for without saying of which version.
    PreconditionRequired,
    /// More bytes than the station accepts.
    TooLarge,
    /// The body's type is not one that this endpoint reads.
    UnsupportedMediaType,
    /// The bytes asked for lie outside the object.
    RangeNotSatisfiable,
    /// Too often; later it will be answered.
    TooManyRequests,
    /// The disk is full.
    StorageFull,
    /// Something the daemon needs is not there now; trying again later can help.
    Unavailable,
    /// A defect, or the machine failed us.
    Internal,
}

/// An error with a remedy.
///
/// `detail` says which object, what is wrong, and what to do next. It never holds a secret.
#[derive(Debug, Clone)]
pub struct Error {
    /// Coarse kind.
    pub kind: ErrorKind,
    /// Stable word for programs, `snake_case`.
    pub code: Cow<'static, str>,
    /// English sentence for engineers and logs.
    pub detail: String,
    /// Vietnamese sentence, where a commune officer may be the reader.
    pub detail_vi: Option<String>,
    /// When trying again makes sense, where that is known.
    pub retry_after: Option<Duration>,
}

/// Result of the root package.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Builds an error from its kind, its stable code and its English sentence.
    pub fn new(kind: ErrorKind, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { kind, code: code.into(), detail: detail.into(), detail_vi: None, retry_after: None }
    }

    /// Adds the sentence that a commune officer reads.
    #[must_use]
    pub fn vi(mut self, detail: impl Into<String>) -> Self {
        self.detail_vi = Some(detail.into());
        self
    }

    /// Something acceptable was expected.
    pub fn unacceptable(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unacceptable, code, detail)
    }

    /// The named object does not exist.
    pub fn not_found(what: &str, id: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::NotFound,
            "not_found",
            format!("{what} {id} does not exist on this station; list them to see what does"),
        )
    }

    /// The machine or our own code failed.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, "internal", detail)
    }

    /// An input or output error on a file; a disk that is full, and one that fails, are told apart from what is ours.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        match error.kind() {
            Io::StorageFull | Io::QuotaExceeded => Self::storage_full(format!("{what}: {error}")),
            Io::ReadOnlyFilesystem => Self::storage_failing(format!("{what}: {error}")),
            // the kernel's word for a disk that does not do what it should; the library has no name for it
            _ if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                Self::storage_failing(format!("{what}: {error}"))
            }
            _ => Self::internal(format!("{what}: {error}")),
        }
    }

    /// The disk is read-only, or fails: nothing was kept of the request.
    pub fn storage_failing(context: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::Unavailable,
            "storage_failing",
            format!("the disk does not take the change ({context}); it may be read-only after an error, or dying: look into the system's journal, and take a backup"),
        )
        .vi("Bộ nhớ của đài không ghi được (có thể bị chuyển sang chỉ đọc hoặc sắp hỏng). Hãy sao lưu và báo kỹ thuật viên.")
    }

    /// The disk is full: nothing was kept of the request.
    pub fn storage_full(context: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::StorageFull,
            "storage_full",
            format!("the station's disk is full, nothing was kept of this request ({context}); withdraw old segments or add space, then try again"),
        )
        .vi("Bộ nhớ của đài đã đầy, yêu cầu này chưa được lưu. Hãy gỡ bớt bản ghi cũ hoặc thêm dung lượng rồi thử lại.")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}

impl std::error::Error for Error {}

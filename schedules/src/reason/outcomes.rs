//! Why a slot ended as it did.

use super::{Reason, ReasonCode, reason};
use crate::plan::{Resumption, Yield};

impl Reason {
    pub(crate) fn station_off() -> Reason {
        reason(
            ReasonCode::StationOff,
            "Trạm không hoạt động vào giờ phát.".into(),
            "The station was not running at that time.".into(),
        )
    }

    pub(crate) fn clock_step() -> Reason {
        reason(
            ReasonCode::ClockStep,
            "Đồng hồ bị chỉnh nhảy qua giờ phát.".into(),
            "The clock was set over that time.".into(),
        )
    }

    pub(crate) fn clock_untrusted() -> Reason {
        reason(
            ReasonCode::ClockUntrusted,
            "Đồng hồ của trạm không đáng tin vào giờ phát; hãy kiểm tra đồng bộ giờ.".into(),
            "The station's clock could not be trusted at that time; check its synchronisation.".into(),
        )
    }

    pub(crate) fn late() -> Reason {
        reason(
            ReasonCode::Late,
            "Trạm bận hoặc chậm, nên giờ phát đã qua.".into(),
            "The station was busy or slow, and the time had passed.".into(),
        )
    }

    pub(crate) fn on_air_elsewhere() -> Reason {
        reason(
            ReasonCode::Overlap,
            "Lượt phát trước đó vẫn chưa kết thúc.".into(),
            "The airing before it had not ended.".into(),
        )
    }

    pub(crate) fn local_stop(by: &str) -> Reason {
        reason(ReasonCode::LocalStop, format!("\"{by}\" đã bấm DỪNG."), format!("\"{by}\" pressed STOP."))
    }

    pub(crate) fn plan_changed(because: Option<&Reason>) -> Reason {
        let (mut vi, mut en) = ("Lịch phát đã thay đổi.".to_owned(), "The plan was changed.".to_owned());
        if let Some(because) = because {
            vi = format!("{vi} {}", because.vi);
            en = format!("{en} {}", because.en);
        }
        reason(ReasonCode::PlanChanged, vi, en)
    }

    /// What was announced is no longer asked for: its programme, campaign or recording is gone or another.
    #[must_use]
    pub fn taken_out() -> Reason {
        Reason::plan_changed(None)
    }

    pub(crate) fn log_unwritable(why: &str) -> Reason {
        reason(
            ReasonCode::LogUnwritable,
            format!("Không ghi được nhật ký phát sóng ({why}), nên không phát."),
            format!("The airing log could not be written ({why}), so nothing was played."),
        )
    }

    pub(crate) fn amplifier_not_ready(why: &str) -> Reason {
        reason(
            ReasonCode::AmplifierNotReady,
            format!("Bộ khuếch đại không xác nhận đã bật ({why})."),
            format!("The amplifier did not confirm that it was on ({why})."),
        )
    }

    pub(crate) fn output_not_ready(why: &str) -> Reason {
        reason(
            ReasonCode::OutputNotReady,
            format!("Không mở được đầu ra âm thanh ({why})."),
            format!("The audio output was not ready ({why})."),
        )
    }

    pub(crate) fn pcm_refused(why: &str) -> Reason {
        reason(
            ReasonCode::PcmRefused,
            format!("Âm thanh đã chuẩn bị không đúng với bản được duyệt hoặc không đọc được ({why})."),
            format!("The prepared audio is not what was approved, or could not be read ({why})."),
        )
    }

    pub(crate) fn amplifier_lost(why: &str) -> Reason {
        reason(
            ReasonCode::AmplifierLost,
            format!("Bộ khuếch đại bị mất trong lúc phát ({why})."),
            format!("The amplifier was lost during the airing ({why})."),
        )
    }

    pub(crate) fn output_lost(why: &str) -> Reason {
        reason(
            ReasonCode::OutputLost,
            format!("Đầu ra âm thanh bị mất trong lúc phát ({why})."),
            format!("The audio output was lost during the airing ({why})."),
        )
    }

    pub(crate) fn ended_early() -> Reason {
        reason(
            ReasonCode::EndedEarly,
            "Đầu ra âm thanh kết thúc trước khi hết bản ghi.".into(),
            "The output ended before the recording did.".into(),
        )
    }

    pub(crate) fn overran() -> Reason {
        reason(
            ReasonCode::BeyondWindowEnd,
            "Bị cắt vì khung giờ phát đã đóng.".into(),
            "It was cut because its window had closed.".into(),
        )
    }

    pub(crate) fn would_overrun() -> Reason {
        reason(
            ReasonCode::BeyondWindowEnd,
            "Bắt đầu trễ nên không còn kịp trong khung giờ phát.".into(),
            "It would have begun late and no longer fitted into its window.".into(),
        )
    }

    pub(crate) fn interrupted() -> Reason {
        reason(
            ReasonCode::Interrupted,
            "Mất điện hoặc chương trình dừng đột ngột trong lúc phát.".into(),
            "The power was cut or the process died during the airing.".into(),
        )
    }

    pub(crate) fn shutdown() -> Reason {
        reason(
            ReasonCode::Shutdown,
            "Trạm được tắt trong lúc phát.".into(),
            "The station was shut down during the airing.".into(),
        )
    }

    pub(crate) fn unconfirmed() -> Reason {
        reason(
            ReasonCode::Unconfirmed,
            "Đã phát, nhưng bộ khuếch đại không xác nhận trong suốt lượt phát.".into(),
            "Played, but the amplifier did not confirm it throughout.".into(),
        )
    }

    pub(crate) fn yielded(to: &Yield) -> Reason {
        let name = &to.name;
        let (vi, en) = match to.then {
            Resumption::Continue => {
                ("phần còn lại được phát tiếp sau đó", "what is left is heard afterwards")
            }
            Resumption::Restart => ("sau đó được phát lại từ đầu", "it is heard again from its beginning"),
            Resumption::Drop => ("phần còn lại không phát nữa", "what is left is not heard"),
        };
        reason(
            ReasonCode::Yielded,
            format!("Bị ngắt theo lịch để nhường cho \"{name}\"; {vi}."),
            format!("It was cut, as planned, for \"{name}\"; {en}."),
        )
    }

    pub(crate) fn yielded_to_emergency(title: &str) -> Reason {
        reason(
            ReasonCode::YieldedToEmergency,
            format!("Nhường cho tin khẩn cấp \"{title}\"."),
            format!("It gave way to the emergency \"{title}\"."),
        )
    }

    /// Why an emergency stands in the log: somebody sent it.
    #[must_use]
    pub fn emergency(by: &str) -> Reason {
        reason(
            ReasonCode::Emergency,
            format!("Tin khẩn cấp do \"{by}\" gửi, phát ngay."),
            format!("Emergency sent by \"{by}\", to be heard at once."),
        )
    }

    /// As [`Reason::emergency`], of one that was sent to practise.
    #[must_use]
    pub fn emergency_exercise(by: &str) -> Reason {
        reason(
            ReasonCode::Emergency,
            format!("Diễn tập tin khẩn cấp do \"{by}\" gửi, phát ngay."),
            format!("Emergency exercise sent by \"{by}\", to be heard at once."),
        )
    }

    /// As this one, with who confirmed as the second person that it may be heard.
    #[must_use]
    pub fn and_confirmed(self, second: &str) -> Reason {
        Reason {
            vi: format!("{} Người thứ hai xác nhận: \"{second}\".", self.vi),
            en: format!("{} Confirmed by a second person, \"{second}\".", self.en),
            ..self
        }
    }

    pub(crate) fn emergency_expired() -> Reason {
        reason(
            ReasonCode::EmergencyExpired,
            "Tin khẩn cấp đã hết hiệu lực trước khi phát được.".into(),
            "The emergency expired before it could be heard.".into(),
        )
    }

    pub(crate) fn emergency_withdrawn() -> Reason {
        reason(
            ReasonCode::EmergencyWithdrawn,
            "Tin khẩn cấp đã được thu hồi.".into(),
            "The emergency was taken back.".into(),
        )
    }

    /// What the station's own button is called where a name stands.
    pub(crate) const LOCAL_BUTTON: &str = "nút DỪNG tại trạm (STOP button)";

    pub(crate) fn local_button() -> Reason {
        reason(
            ReasonCode::LocalStop,
            "Nút DỪNG tại trạm đang được nhấn.".into(),
            "The STOP button at the station is pressed.".into(),
        )
    }
}

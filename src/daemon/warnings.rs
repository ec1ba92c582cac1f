//! What whoever looks at the station must know for as long as it runs.

use crate::clock::Trust;
use crate::config::{Config, OutputForm};
use crate::error::Error;
use crate::web::Warning;
use loaxa_firmware_bridge::AmplifierSettings;

/// What follows from the configuration.
pub(super) fn standing(config: &Config) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if config.clock.trust == Trust::Always {
        warnings.push(Warning {
            code: "clock_always_trusted",
            vi: "Đồng hồ luôn được coi là đúng: chỉ dùng để trình diễn và thử nghiệm.".to_owned(),
            en: "The clock is always trusted: for demos and tests only.".to_owned(),
        });
    }
    if matches!(config.amplifier.bridge, AmplifierSettings::Simulated(_)) {
        warnings.push(Warning {
            code: "amplifier_simulated",
            vi: "Bộ khuếch đại là mô phỏng: không có thiết bị nào được bật.".to_owned(),
            en: "The amplifier is simulated: nothing is switched on.".to_owned(),
        });
    }
    if config.audio.output == OutputForm::Null {
        warnings.push(Warning {
            code: "output_silent",
            vi: "Không có đường ra âm thanh: mọi chương trình đều phát trong im lặng.".to_owned(),
            en: "There is no sound output: every programme is played into silence.".to_owned(),
        });
    }
    warnings
}

/// Without its key a station airs and logs; its log then proves less.
pub(super) fn unsigned(why: &Error) -> Warning {
    tracing::error!(error = %why, "the airing log is not signed");
    Warning {
        code: "log_not_signed",
        vi: "Nhật ký phát sóng không được ký: khóa của đài không dùng được. Chạy `loaxa doctor` tại đài để biết cách sửa."
            .to_owned(),
        en: "The airing log is not signed: the station's key cannot be used; `loaxa doctor` says what to do."
            .to_owned(),
    }
}

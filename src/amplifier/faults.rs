//! What can be wrong with the amplifier, each with a sentence and what to do.

use jiff::Timestamp;
use loaxa_firmware_bridge::Fault;
use serde::Serialize;

/// Something that is wrong with the amplifier. There is one of each at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// Nothing answers.
    LineLost,
    /// Something else answers than what is configured.
    WrongBoard,
    /// It answers, and refuses.
    Refused,
    /// It stands otherwise than it was told.
    Mismatch,
    /// A zone has no relay.
    NotWired,
    /// Something was on that nobody had ordered.
    FoundOn,
    /// Its hardware keeps this, or senses it now.
    Hardware(Fault),
    /// Warmer or colder than its hardware bears.
    Temperature,
    /// Its controller's supply is out of bounds.
    Supply,
    /// Nothing switches it off when this board dies.
    NoDeadMan,
    /// The last self-test found something.
    SelfTest,
    /// There is no amplifier: it is simulated.
    Simulated,
}

/// A fault as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AmplifierFault {
    /// Stable word.
    pub code: &'static str,
    /// When it was noticed.
    pub since: Timestamp,
    /// What is wrong, in Vietnamese.
    pub vi: String,
    /// What is wrong, in English.
    pub en: String,
    /// What to do, in English.
    pub remedy: &'static str,
    /// What to do, in Vietnamese.
    pub remedy_vi: &'static str,
}

impl AmplifierFault {
    /// `detail` is what the hardware or the bridge said, for engineers; it may be empty.
    pub(crate) fn new(trouble: Trouble, detail: &str, since: Timestamp) -> Self {
        let (vi, en) = trouble.sentences();
        let (remedy_vi, remedy) = trouble.remedy();
        let with = |sentence: &str| {
            if detail.is_empty() { format!("{sentence}.") } else { format!("{sentence} ({detail}).") }
        };
        Self { code: trouble.code(), since, vi: with(vi), en: with(en), remedy, remedy_vi }
    }
}

impl Trouble {
    /// Every one, in the order of `/metrics`.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [
            Self::LineLost,
            Self::WrongBoard,
            Self::Refused,
            Self::Mismatch,
            Self::NotWired,
            Self::FoundOn,
            Self::Temperature,
            Self::Supply,
            Self::NoDeadMan,
            Self::SelfTest,
            Self::Simulated,
        ];
        own.into_iter().chain(Fault::ALL.into_iter().map(Self::Hardware))
    }

    /// Its stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LineLost => "line_lost",
            Self::WrongBoard => "wrong_board",
            Self::Refused => "refused",
            Self::Mismatch => "mismatch",
            Self::NotWired => "not_wired",
            Self::FoundOn => "found_on",
            Self::Hardware(fault) => fault.code(),
            Self::Temperature => "temperature",
            Self::Supply => "supply",
            Self::NoDeadMan => "no_dead_man",
            Self::SelfTest => "self_test",
            Self::Simulated => "simulated",
        }
    }

    /// Whether it stays until a person clears it: it happened, and may be over.
    pub(crate) const fn latches(self) -> bool {
        matches!(self, Self::FoundOn | Self::SelfTest)
    }

    /// Whether it holds as long as the station runs with this configuration; the log's `start` row names the driver.
    pub(crate) const fn stands(self) -> bool {
        matches!(self, Self::NoDeadMan | Self::Simulated)
    }

    /// What is wrong: Vietnamese, English.
    const fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::LineLost => ("Bộ khuếch đại không trả lời", "The amplifier does not answer"),
            Self::WrongBoard => {
                ("Thiết bị trả lời không đúng với cấu hình", "Something else answers than what is configured")
            }
            Self::Refused => ("Bộ điều khiển từ chối lệnh", "The controller refused an order"),
            Self::Mismatch => {
                ("Bộ khuếch đại không ở trạng thái đã ra lệnh", "The amplifier is not as it was told to be")
            }
            Self::NotWired => ("Có cụm loa chưa được nối rơ-le", "A zone has no relay"),
            Self::FoundOn => (
                "Có rơ-le tự bật khi không ai ra lệnh; đã được tắt",
                "A relay was on that nobody had ordered; it was switched off",
            ),
            Self::Temperature => ("Nhiệt độ tủ thiết bị ngoài giới hạn", "The temperature is out of bounds"),
            Self::Supply => {
                ("Điện áp nuôi bộ điều khiển ngoài giới hạn", "The controller's supply is out of bounds")
            }
            Self::NoDeadMan => (
                "Bộ khuếch đại không tự tắt khi máy phát hỏng",
                "Nothing switches the amplifier off when this board dies",
            ),
            Self::SelfTest => ("Lần tự kiểm tra gần nhất có lỗi", "The last self-test failed"),
            Self::Simulated => (
                "Bộ khuếch đại là mô phỏng: không có thiết bị nào được bật",
                "The amplifier is simulated: nothing is switched on",
            ),
            Self::Hardware(fault) => hardware(fault),
        }
    }

    /// What to do: Vietnamese, English.
    const fn remedy(self) -> (&'static str, &'static str) {
        match self {
            Self::LineLost => (
                "Kiểm tra nguồn, dây tín hiệu và địa chỉ của bộ điều khiển.",
                "Check the controller's power, its cable and its address; `loaxa doctor` looks for it.",
            ),
            Self::WrongBoard => (
                "Chạy `loaxa doctor` và sửa [amplifier] theo thiết bị tìm thấy.",
                "Run `loaxa doctor` and write into [amplifier] what it finds.",
            ),
            Self::Refused => (
                "Kiểm tra số rơ-le trong cấu hình với tài liệu của bộ điều khiển.",
                "Check the relay numbers in the configuration against the controller's manual.",
            ),
            Self::Mismatch => (
                "Kiểm tra rơ-le được nêu tên và dây của nó.",
                "Check the relay that is named, and its wiring.",
            ),
            Self::NotWired => (
                "Khai báo rơ-le của cụm loa trong [amplifier], hoặc bỏ cụm loa khỏi chương trình.",
                "Give the zone a relay in [amplifier], or take it out of the programme.",
            ),
            Self::FoundOn => (
                "Tìm xem ai hoặc thiết bị nào khác điều khiển rơ-le, rồi xóa cảnh báo.",
                "Find out who or what else switches that relay, then clear the fault.",
            ),
            Self::Temperature => {
                ("Kiểm tra quạt và lỗ thông gió của tủ.", "Check the fan and the openings of the cabinet.")
            }
            Self::Supply => (
                "Đo nguồn nuôi bộ điều khiển; thay bộ nguồn nếu sai.",
                "Measure the controller's power supply; replace it if it is wrong.",
            ),
            Self::NoDeadMan => (
                "Dùng bộ điều khiển có tự ngắt, khai báo dead_man_ms nếu bo rơ-le có (docs/bridge.md), hoặc lắp rơ-le thời gian.",
                "Use a controller with a dead man, give dead_man_ms where the relay board can (docs/bridge.md), or fit a timer relay.",
            ),
            Self::SelfTest => (
                "Sửa phần được nêu tên, chạy lại `loaxa amp test`.",
                "Mend what is named and run `loaxa amp test` again.",
            ),
            Self::Simulated => (
                "Chỉ dùng để trình diễn: khai báo driver thật trong [amplifier].",
                "For demos only: name the real driver in [amplifier].",
            ),
            Self::Hardware(fault) => hardware_remedy(fault),
        }
    }
}

const fn hardware(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::HeartbeatLost => (
            "Bộ khuếch đại đã tự tắt vì lâu không có lệnh",
            "The amplifier switched itself off: nobody was in charge for too long",
        ),
        Fault::WatchdogReset => (
            "Chương trình bộ điều khiển bị treo và đã khởi động lại",
            "The controller hung and started again",
        ),
        Fault::BrownOut => {
            ("Nguồn nuôi bộ điều khiển bị sụt", "The controller's supply broke down and it started again")
        }
        Fault::SupplyLow => ("Điện áp nuôi bộ điều khiển thấp", "The controller's supply was low"),
        Fault::Overheated => ("Thiết bị quá nóng", "It was too hot"),
        Fault::NotReady => {
            ("Bộ khuếch đại không báo sẵn sàng", "The amplifier's own contact did not say that it works")
        }
        Fault::StaysOn => (
            "Bộ khuếch đại vẫn báo đang bật sau khi đã tắt",
            "The amplifier's own contact says that it works although its power is off",
        ),
        Fault::MainsLost => ("Mất điện lưới", "There was no mains voltage"),
        Fault::LineFault => ("Đường dây loa bị đứt hoặc chập", "A loudspeaker line is broken or shorted"),
        Fault::OrderedWhileStopped => (
            "Có lệnh bật khi nút DỪNG đang giữ",
            "Something was ordered on while STOP was latched at the station",
        ),
    }
}

const fn hardware_remedy(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::HeartbeatLost => (
            "Xem nhật ký của máy: chương trình bị dừng hoặc mất đường dây; rồi xóa cảnh báo.",
            "See why this board was silent (its journal, the cable), then clear the fault.",
        ),
        Fault::WatchdogReset | Fault::BrownOut | Fault::SupplyLow => (
            "Kiểm tra bộ nguồn của bộ điều khiển, rồi xóa cảnh báo.",
            "Check the controller's power supply, then clear the fault.",
        ),
        Fault::Overheated => (
            "Kiểm tra quạt và lỗ thông gió của tủ, rồi xóa cảnh báo.",
            "Check the fan and the openings of the cabinet, then clear the fault.",
        ),
        Fault::NotReady => (
            "Xem đèn bảo vệ của bộ khuếch đại và dây tiếp điểm báo, rồi xóa cảnh báo.",
            "Look at the amplifier's protection lamp and the wire of its contact, then clear the fault.",
        ),
        Fault::StaysOn => (
            "Ngắt điện bộ khuếch đại bằng tay và thay rơ-le nguồn.",
            "Cut the amplifier's mains by hand and replace the power relay.",
        ),
        Fault::MainsLost => (
            "Kiểm tra cầu dao và điện lưới, rồi xóa cảnh báo.",
            "Check the breaker and the mains, then clear the fault.",
        ),
        Fault::LineFault => (
            "Kiểm tra dây loa của cụm được nêu tên, rồi xóa cảnh báo.",
            "Check the loudspeaker line of the zone, then clear the fault.",
        ),
        Fault::OrderedWhileStopped => (
            "Không cần sửa; hỏi ai đã nhấn DỪNG rồi xóa cảnh báo.",
            "Nothing is broken: ask who pressed STOP, then clear the fault.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_trouble_has_a_word_and_sentences_of_its_own() {
        let (mut codes, mut sentences) = (HashSet::new(), HashSet::new());
        for trouble in Trouble::all() {
            assert!(codes.insert(trouble.code()), "{trouble:?}");
            let fault = AmplifierFault::new(trouble, "", Timestamp::UNIX_EPOCH);
            assert!(sentences.insert(fault.vi.clone()) && sentences.insert(fault.en.clone()), "{fault:?}");
            assert!(fault.remedy.ends_with('.') && fault.remedy_vi.ends_with('.'), "{fault:?}");
        }
        let said = AmplifierFault::new(Trouble::Mismatch, "zone a reads off", Timestamp::UNIX_EPOCH);
        assert!(said.en.ends_with("(zone a reads off)."), "{said:?}");
    }
}

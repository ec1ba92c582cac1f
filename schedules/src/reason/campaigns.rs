//! Why an airing of a campaign stands where it stands.

use super::{Reason, ReasonCode, reason};

impl Reason {
    pub(crate) fn campaign_airing(
        campaign: &str,
        phase: &str,
        number: u32,
        make_good: bool,
        windows: &str,
    ) -> Reason {
        if make_good {
            return reason(
                ReasonCode::CampaignMakeGood,
                format!(
                    "Phát bù lượt {number} của đợt tuyên truyền \"{campaign}\" (giai đoạn \"{phase}\"), trong khung giờ \"{windows}\"."
                ),
                format!(
                    "Make-good of airing {number} of campaign \"{campaign}\" (phase \"{phase}\"), inside window \"{windows}\"."
                ),
            );
        }
        reason(
            ReasonCode::CampaignAiring,
            format!(
                "Lượt {number} của đợt tuyên truyền \"{campaign}\" (giai đoạn \"{phase}\"), trong khung giờ \"{windows}\"."
            ),
            format!(
                "Airing {number} of campaign \"{campaign}\" (phase \"{phase}\"), inside window \"{windows}\"."
            ),
        )
    }
}

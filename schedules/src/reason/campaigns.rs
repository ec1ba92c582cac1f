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
        let number = number.to_string();
        let (vi, en) =
            (["Lượt ", &number, " của đợt tuyên truyền \""], ["Airing ", &number, " of campaign \""]);
        let rest_vi = [campaign, "\" (giai đoạn \"", phase, "\"), trong khung giờ \"", windows, "\"."];
        let rest_en = [campaign, "\" (phase \"", phase, "\"), inside window \"", windows, "\"."];
        // A year's plan says this of every airing: put together in one piece.
        reason(
            ReasonCode::CampaignAiring,
            [&vi[..], &rest_vi].concat().concat(),
            [&en[..], &rest_en].concat().concat(),
        )
    }
}

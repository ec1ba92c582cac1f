//! A relay board in memory: it obeys in the order in which it is asked, answers as late as it is told to, and its
//! real state can be looked at.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::{Instant, sleep},
};

use crate::{FlashOn, modbus::port::Port};

/// What becomes of the next answers.
#[derive(Debug, Clone, Default)]
pub(super) enum Mood {
    #[default]
    Well,
    /// Requests vanish.
    Silent,
    /// Obeyed, and answered so much later.
    Late(Duration),
    /// Obeyed, and answered with one bit wrong.
    BadSum,
    /// Obeyed; the answer breaks off.
    Truncated,
    /// Refused with this code.
    Refusing(u8),
    /// Answered in the name of another address.
    OtherAddress,
    /// Everything sent is heard again, before the answer.
    Echo,
    /// Stray bytes before the answer.
    Noise(Vec<u8>),
    /// Answers with whatever is here, as it is.
    Says(Vec<u8>),
}

/// The board as it really stands.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) coils: [bool; 8],
    pub(super) inputs: [bool; 8],
    pub(super) mood: Mood,
    /// The mood lasts for so many more requests; `None`: until it changes.
    pub(super) for_requests: Option<u32>,
    /// Behind so many more requests the mood is this, for one.
    pub(super) later: Option<(u32, Mood)>,
    /// This coil takes no order, and reads as it is.
    pub(super) stuck: Option<usize>,
    /// This relay says yes and reads back as ordered only on the line of orders: it is off.
    pub(super) knows_inputs: bool,
    /// Functions beside 1, 5 and 15 are not answered at all.
    pub(super) mute_about_others: bool,
    /// Closes relays for a time when it is told so in this way.
    pub(super) flash_on: Option<FlashOn>,
    /// What flash-on does to a relay that is closed already.
    pub(super) again: Again,
    /// When each relay falls by itself.
    falls: [Option<Instant>; 8],
    /// When relays fell by themselves, in order.
    pub(super) fallen: Vec<(Instant, usize)>,
    pub(super) requests: u64,
    /// The longest time that two zones were on which were not wanted together is for the test to see in here.
    pub(super) history: Vec<[bool; 8]>,
}

/// Flash-on of a relay that is closed: boards differ, and their makers do not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Again {
    /// It stays closed, and its time counts anew.
    #[default]
    Renews,
    /// It stays closed, and falls when it would have fallen.
    Ignores,
}

impl State {
    /// Lets fall what falls by itself until now.
    fn pass(&mut self) {
        let now = Instant::now();
        let mut due: Vec<(Instant, usize)> =
            (0..8).filter_map(|coil| Some((self.falls[coil].filter(|at| *at <= now)?, coil))).collect();
        due.sort();
        for (at, coil) in due {
            self.falls[coil] = None;
            if std::mem::replace(&mut self.coils[coil], false) {
                self.fallen.push((at, coil + 1));
                self.history.push(self.coils);
            }
        }
    }

    fn close_for(&mut self, coil: usize, tenths: u16) {
        let falls = Instant::now() + Duration::from_millis(u64::from(tenths) * 100);
        if !self.coils[coil] || self.again == Again::Renews {
            self.falls[coil] = Some(falls);
        }
        if self.stuck != Some(coil) {
            self.coils[coil] = true;
        }
    }
}

#[derive(Clone)]
pub(super) struct Board(Arc<Mutex<State>>);

impl Board {
    /// The board, and the port at which a driver finds it.
    pub(super) fn new() -> (Self, Port) {
        let board = Self(Arc::new(Mutex::new(State { knows_inputs: true, ..State::default() })));
        let (plug, lines) = unbounded_channel();
        tokio::spawn(serve(board.clone(), lines));
        (board, Port::Memory(plug))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap();
        state.pass();
        state
    }

    pub(super) fn is(&self, mood: Mood) {
        let mut state = self.lock();
        state.mood = mood;
        state.for_requests = None;
    }

    /// One request, behind so many others.
    pub(super) fn is_after(&self, requests: u32, mood: Mood) {
        self.lock().later = Some((requests, mood));
    }

    pub(super) fn is_once(&self, mood: Mood) {
        let mut state = self.lock();
        state.mood = mood;
        state.for_requests = Some(1);
    }

    pub(super) fn on(&self) -> Vec<usize> {
        self.lock().coils.iter().enumerate().filter(|(_, on)| **on).map(|(coil, _)| coil + 1).collect()
    }
}

async fn serve(board: Board, mut lines: UnboundedReceiver<DuplexStream>) {
    let Some(mut line) = lines.recv().await else { return };
    let mut heard = Vec::new();
    loop {
        let mut bytes = [0; 64];
        tokio::select! {
            next = lines.recv() => match next {
                // what was on its way to the board is still processed: it is a wire, not a connection
                Some(next) => line = next,
                None => return,
            },
            read = line.read(&mut bytes) => match read {
                Ok(0) | Err(_) => match lines.recv().await {
                    Some(next) => line = next,
                    None => return,
                },
                Ok(read) => heard.extend_from_slice(&bytes[..read]),
            },
        }
        while let Some(request) = whole(&mut heard) {
            let (answer, delay) = answer(&board, &request);
            if !delay.is_zero() {
                sleep(delay).await;
            }
            // whoever holds the port now hears it, and nobody does while it is closed
            while let Ok(next) = lines.try_recv() {
                line = next;
            }
            drop(line.write_all(&answer).await);
        }
    }
}

fn whole(heard: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = match heard.get(1)? {
        15 | 16 => 9 + usize::from(*heard.get(6)?),
        _ => 8,
    };
    if heard.len() < length {
        return None;
    }
    Some(heard.drain(..length).collect())
}

/// Check sum from a table of its own, on purpose not the driver's.
pub(super) fn framed(body: &[u8]) -> Vec<u8> {
    let mut sum = 0xFFFF_u16;
    for byte in body {
        let mut entry = (sum ^ u16::from(*byte)) & 0xFF;
        for _ in 0..8 {
            entry = if entry % 2 == 1 { (entry / 2) ^ 0xA001 } else { entry / 2 };
        }
        sum = (sum >> 8) ^ entry;
    }
    let mut frame = body.to_vec();
    frame.push((sum % 256) as u8);
    frame.push((sum / 256) as u8);
    frame
}

fn answer(board: &Board, request: &[u8]) -> (Vec<u8>, Duration) {
    let mut state = board.lock();
    state.requests += 1;
    match &mut state.later {
        Some((0, mood)) => {
            state.mood = std::mem::take(mood);
            (state.later, state.for_requests) = (None, Some(1));
        }
        Some((left, _)) => *left -= 1,
        None => {}
    }
    let mood = state.mood.clone();
    if let Some(left) = &mut state.for_requests {
        *left -= 1;
        if *left == 0 {
            state.for_requests = None;
            state.mood = Mood::Well;
        }
    }
    let (body, frame_end) = request.split_at(request.len() - 2);
    assert_eq!(framed(body)[body.len()..], *frame_end, "the driver sent a wrong check sum");
    if matches!(mood, Mood::Silent) {
        return (Vec::new(), Duration::ZERO);
    }
    let said = if let Mood::Refusing(code) = mood {
        framed(&[1, body[1] | 0x80, code])
    } else {
        match obey(&mut state, body) {
            Some(said) => framed(&said),
            None => return (Vec::new(), Duration::ZERO),
        }
    };
    match mood {
        Mood::Late(delay) => (said, delay),
        Mood::BadSum => {
            let mut wrong = said;
            let last = wrong.len() - 1;
            wrong[last] ^= 4;
            (wrong, Duration::ZERO)
        }
        Mood::Truncated => (said[..said.len() - 2].to_vec(), Duration::ZERO),
        Mood::OtherAddress => {
            let mut body = said[..said.len() - 2].to_vec();
            body[0] = 9;
            (framed(&body), Duration::ZERO)
        }
        Mood::Echo => ([request, &said].concat(), Duration::ZERO),
        Mood::Noise(noise) => ([noise, said].concat(), Duration::ZERO),
        Mood::Says(anything) => (anything, Duration::ZERO),
        _ => (said, Duration::ZERO),
    }
}

fn obey(state: &mut State, body: &[u8]) -> Option<Vec<u8>> {
    let at = usize::from(u16::from_be_bytes([body[2], body[3]]));
    let number = u16::from_be_bytes([body[4], body[5]]);
    let function = body[1];
    let byte =
        |bits: &[bool; 8]| bits.iter().enumerate().fold(0_u8, |sum, (bit, on)| sum | u8::from(*on) << bit);
    let stuck = state.stuck;
    let set = |coil: usize, on: bool, coils: &mut [bool; 8]| {
        if stuck != Some(coil) {
            coils[coil] = on;
        }
    };
    let said = match function {
        1 if at == 0 && number <= 8 => vec![1, 1, 1, byte(&state.coils)],
        2 if !state.mute_about_others && state.knows_inputs && number <= 8 => {
            vec![1, 2, 1, byte(&state.inputs)]
        }
        5 if at < 8 => {
            set(at, number == 0xFF00, &mut state.coils);
            body.to_vec()
        }
        5 if (0x0200..0x0208).contains(&at) && state.flash_on == Some(FlashOn::Waveshare) => {
            state.close_for(at - 0x0200, number);
            body.to_vec()
        }
        16 if number == 2 && at % 5 == 3 && at < 43 && state.flash_on == Some(FlashOn::Lc) => {
            assert_eq!(body[6..9], [4, 0, 4], "four bytes: on, then off");
            state.close_for((at - 3) / 5, u16::from_be_bytes([body[9], body[10]]));
            body[..6].to_vec()
        }
        15 if at == 0 && number == 8 => {
            for coil in 0..8 {
                set(coil, body[7] >> coil & 1 == 1, &mut state.coils);
            }
            body[..6].to_vec()
        }
        1 | 5 | 15 => vec![1, function | 0x80, 2],
        _ if state.mute_about_others => return None,
        _ => vec![1, function | 0x80, 1],
    };
    let now = state.coils;
    if state.history.last() != Some(&now) {
        state.history.push(now);
    }
    Some(said)
}

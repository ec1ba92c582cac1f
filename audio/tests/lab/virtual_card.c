/* An ALSA sound card made of a clock, for tests on machines that have none.
 *
 * Its hardware pointer follows CLOCK_MONOTONIC (ppm off, if wanted), so programs are paced as by a converter and really
 * under-run. Every frame that it takes is appended to FILE (S16_LE, the client's channels); FILE.log tells which frame of
 * FILE was heard when: a line "start frame=F mono=NS rate=R" means that frame F+n was heard at NS + n/R.
 * While FILE.lost exists the card is unplugged (ENODEV); while FILE.frozen exists it takes no frames but reports no error.
 * It looks for them a hundred times a second at most: who measures a program on this card measures the card with it.
 *
 *   cc -O2 -fPIC -shared -DPIC -o libasound_module_pcm_virtual_card.so virtual_card.c -lasound
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

extern int snd_pcm_sw_params_get_boundary(const snd_pcm_sw_params_t *, snd_pcm_uframes_t *);

struct card {
    snd_pcm_ioplug_t io;
    char path[400];
    FILE *frames;
    FILE *log;
    int timer;
    double rate;          /* true frames per second, with the crystal's error */
    double ppm;
    uint64_t written;     /* frames taken since it was opened: give each opening a new FILE */
    uint64_t first;       /* the file's frame that was first in this run */
    uint64_t submitted;   /* frames taken from the client in this run */
    int64_t started;      /* monotonic nanoseconds; 0 while it does not run */
    uint64_t held;        /* position at which it is frozen */
    int frozen;
    int64_t looked;       /* when the marks were looked for, in monotonic nanoseconds */
    int is_lost;
    int is_frozen;
};

static int64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int marked(struct card *card, const char *mark)
{
    char path[420];
    snprintf(path, sizeof path, "%s.%s", card->path, mark);
    return access(path, F_OK) == 0;
}

static void look(struct card *card)
{
    int64_t now = monotonic();
    if (card->looked && now - card->looked < 10000000)
        return;
    card->looked = now;
    card->is_lost = marked(card, "lost");
    card->is_frozen = marked(card, "frozen");
}

static int lost(struct card *card)
{
    look(card);
    return card->is_lost;
}

static void note(struct card *card, const char *what, uint64_t frame)
{
    fprintf(card->log, "%s frame=%" PRIu64 " mono=%" PRId64 " rate=%u period=%lu buffer=%lu\n", what, frame, monotonic(),
            card->io.rate, card->io.period_size, card->io.buffer_size);
    fflush(card->log);
}

static void tick(struct card *card, int on)
{
    struct itimerspec every = {0};
    if (on) {
        every.it_interval.tv_nsec = (long)(5e8 * card->io.period_size / card->io.rate) % 1000000000L;
        if (every.it_interval.tv_nsec == 0)
            every.it_interval.tv_nsec = 500000000L;
        every.it_value = every.it_interval;
    }
    timerfd_settime(card->timer, 0, &every, NULL);
}

static uint64_t position(struct card *card)
{
    uint64_t now;
    if (!card->started)
        return 0;
    now = (uint64_t)((monotonic() - card->started) * 1e-9 * card->rate);
    look(card);
    if (card->is_frozen) {
        if (!card->frozen)
            card->held = now < card->submitted ? now : card->submitted;
        card->frozen = 1;
        return card->held;
    }
    return now;
}

static int card_start(snd_pcm_ioplug_t *io)
{
    struct card *card = io->private_data;
    card->started = monotonic();
    note(card, "start", card->first);
    tick(card, 1);
    return 0;
}

static int card_stop(snd_pcm_ioplug_t *io)
{
    struct card *card = io->private_data;
    note(card, "stop", card->written);
    fflush(card->frames);
    card->started = 0;
    tick(card, 0);
    return 0;
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io)
{
    struct card *card = io->private_data;
    snd_pcm_uframes_t boundary = 0;
    snd_pcm_sw_params_t *params;
    uint64_t at;
    if (lost(card)) {
        note(card, "lost", card->written);
        return -ENODEV;
    }
    at = position(card);
    if (card->started && at > card->submitted) {
        if (io->state != SND_PCM_STATE_DRAINING) {
            note(card, "xrun", at);
            return -EPIPE;
        }
        at = card->submitted;
    }
    snd_pcm_sw_params_alloca(&params);
    snd_pcm_sw_params_current(io->pcm, params);
    snd_pcm_sw_params_get_boundary(params, &boundary);
    return (snd_pcm_sframes_t)(boundary ? at % boundary : at);
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                       snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
    struct card *card = io->private_data;
    const char *from = (const char *)areas->addr + areas->first / 8 + offset * (areas->step / 8);
    fwrite(from, areas->step / 8, size, card->frames);
    card->written += size;
    card->submitted += size;
    return (snd_pcm_sframes_t)size;
}

static int card_prepare(snd_pcm_ioplug_t *io)
{
    struct card *card = io->private_data;
    card->first = card->written;
    card->submitted = 0;
    card->started = 0;
    card->frozen = 0;
    card->rate = io->rate * (1.0 + card->ppm * 1e-6);
    tick(card, 1);
    return 0;
}

static int card_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int count, unsigned short *events)
{
    struct card *card = io->private_data;
    snd_pcm_uframes_t wanted = 1;
    snd_pcm_sw_params_t *params;
    snd_pcm_sframes_t room;
    uint64_t ticks;
    (void)fds;
    (void)count;
    *events = 0;
    if (read(card->timer, &ticks, sizeof ticks) < 0)
        ticks = 0;
    if (lost(card)) {
        *events = POLLERR | POLLNVAL;
        return 0;
    }
    room = snd_pcm_avail_update(io->pcm);
    if (room < 0) {
        *events = POLLERR;
        return 0;
    }
    snd_pcm_sw_params_alloca(&params);
    snd_pcm_sw_params_current(io->pcm, params);
    snd_pcm_sw_params_get_avail_min(params, &wanted);
    if ((snd_pcm_uframes_t)room >= wanted)
        *events = POLLOUT;
    return 0;
}

static int card_descriptors_count(snd_pcm_ioplug_t *io)
{
    (void)io;
    return 1;
}

static int card_descriptors(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int space)
{
    struct card *card = io->private_data;
    (void)space;
    fds->fd = card->timer;
    fds->events = POLLIN;
    fds->revents = 0;
    return 1;
}

static int card_close(snd_pcm_ioplug_t *io)
{
    struct card *card = io->private_data;
    note(card, "close", card->written);
    fclose(card->frames);
    fclose(card->log);
    close(card->timer);
    free(card);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = card_start,
    .stop = card_stop,
    .pointer = card_pointer,
    .transfer = card_transfer,
    .prepare = card_prepare,
    .close = card_close,
    .poll_revents = card_revents,
    .poll_descriptors = card_descriptors,
    .poll_descriptors_count = card_descriptors_count,
};

SND_PCM_PLUGIN_DEFINE_FUNC(virtual_card)
{
    snd_config_iterator_t at, next;
    const char *file = NULL;
    long ppm = 0, rate = 0;
    unsigned int access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    unsigned int format[] = {SND_PCM_FORMAT_S16_LE};
    struct card *card;
    char log[420];
    int error;

    (void)root;
    snd_config_for_each(at, next, conf) {
        snd_config_t *entry = snd_config_iterator_entry(at);
        const char *key;
        if (snd_config_get_id(entry, &key) < 0)
            continue;
        if (!strcmp(key, "file"))
            snd_config_get_string(entry, &file);
        else if (!strcmp(key, "ppm"))
            snd_config_get_integer(entry, &ppm);
        else if (!strcmp(key, "rate"))
            snd_config_get_integer(entry, &rate);
    }
    if (!file || stream != SND_PCM_STREAM_PLAYBACK)
        return -EINVAL;
    card = calloc(1, sizeof *card);
    if (!card)
        return -ENOMEM;
    snprintf(card->path, sizeof card->path, "%s", file);
    if (lost(card)) {
        free(card);
        return -ENODEV;
    }
    snprintf(log, sizeof log, "%s.log", file);
    card->frames = fopen(file, "ab");
    card->log = fopen(log, "a");
    card->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!card->frames || !card->log || card->timer < 0)
        return -EIO;
    card->ppm = (double)ppm;
    card->io.version = SND_PCM_IOPLUG_VERSION;
    card->io.name = "Virtual card";
    card->io.callback = &callbacks;
    card->io.private_data = card;
    card->io.poll_fd = card->timer;
    card->io.poll_events = POLLIN;
    card->io.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA | SND_PCM_IOPLUG_FLAG_MONOTONIC;
    error = snd_pcm_ioplug_create(&card->io, name, stream, mode);
    if (error < 0)
        return error;
    snd_pcm_ioplug_set_param_list(&card->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
    snd_pcm_ioplug_set_param_list(&card->io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
    snd_pcm_ioplug_set_param_minmax(&card->io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 2);
    snd_pcm_ioplug_set_param_minmax(&card->io, SND_PCM_IOPLUG_HW_RATE, rate ? rate : 8000, rate ? rate : 96000);
    snd_pcm_ioplug_set_param_minmax(&card->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 2048, 262144);
    snd_pcm_ioplug_set_param_minmax(&card->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
    snd_pcm_ioplug_set_param_minmax(&card->io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 4096, 1048576);
    *pcmp = card->io.pcm;
    return 0;
}
SND_PCM_PLUGIN_SYMBOL(virtual_card);

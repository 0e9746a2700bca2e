// The wall clock, shifted by as many seconds as the file $SHIFTED_CLOCK_FILE holds (eight bytes, in this machine's
// order); the clock that only grows is left alone. That is what a jump of the clock is to a program.
// cc -shared -fPIC -o shifted-clock.so shifted-clock.c, then LD_PRELOAD.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t shift(void)
{
    static const volatile int64_t *seconds;
    if (seconds == NULL)
    {
        const char *path = getenv("SHIFTED_CLOCK_FILE");
        int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0)
        {
            return 0;
        }

        void *map = mmap(NULL, sizeof *seconds, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (map == MAP_FAILED)
        {
            return 0;
        }

        seconds = map;
    }

    return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    {
        time->tv_sec += shift();
    }

    return result;
}

int gettimeofday(struct timeval *time, void *zone)
{
    int result = (int)syscall(SYS_gettimeofday, time, zone);
    if (result == 0)
    {
        time->tv_sec += shift();
    }

    return result;
}

time_t time(time_t *seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds != NULL)
    {
        *seconds = now.tv_sec;
    }

    return now.tv_sec;
}

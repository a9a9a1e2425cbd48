/*
 * Stands in for /dev/udmabuf on kernels without it; to be preloaded.
 *
 * libcamera's virtual camera makes its frame buffers from memory files through /dev/udmabuf. Here opening that device
 * opens /dev/null, and asking it for a DMA buffer returns the memory file itself, which can be mapped as well.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#define NEXT(name) static __typeof__(name) *next_##name

NEXT(open);
NEXT(open64);
NEXT(ioctl);
static int (*next___open_2)(const char *, int, ...);
static int (*next___open64_2)(const char *, int, ...);

/* At load time: dlsym() in a thread would wait for a dlopen() that waits for that thread. */
__attribute__((constructor)) static void find_next(void)
{
	next_open = dlsym(RTLD_NEXT, "open");
	next_open64 = dlsym(RTLD_NEXT, "open64");
	next_ioctl = dlsym(RTLD_NEXT, "ioctl");
	next___open_2 = dlsym(RTLD_NEXT, "__open_2");
	next___open64_2 = dlsym(RTLD_NEXT, "__open64_2");
}

#define OPEN(name)                                                                 \
	int name(const char *path, int flags, ...)                                 \
	{                                                                          \
		va_list rest;                                                      \
		mode_t mode;                                                       \
                                                                                   \
		va_start(rest, flags);                                             \
		mode = va_arg(rest, int);                                          \
		va_end(rest);                                                      \
		if (!next_##name)                                                  \
			find_next();                                               \
		return next_##name(strcmp(path, "/dev/udmabuf") ? path : "/dev/null", \
				   flags, mode);                                   \
	}

OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)

int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;
	void *argument;

	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (request == UDMABUF_CREATE)
		return fcntl(((struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
	if (request == DMA_BUF_IOCTL_SYNC)
		return 0;
	if (!next_ioctl)
		find_next();
	return next_ioctl(fd, request, argument);
}

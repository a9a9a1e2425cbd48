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

static int open_through(const char *name, const char *path, int flags, mode_t mode)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, name);

	return next(strcmp(path, "/dev/udmabuf") ? path : "/dev/null", flags, mode);
}

#define OPEN(name)                                        \
	int name(const char *path, int flags, ...)        \
	{                                                 \
		va_list rest;                             \
		mode_t mode;                              \
                                                          \
		va_start(rest, flags);                    \
		mode = va_arg(rest, int);                 \
		va_end(rest);                             \
		return open_through(#name, path, flags, mode); \
	}

OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	va_list rest;
	void *argument;

	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (request == UDMABUF_CREATE)
		return fcntl(((struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
	if (request == DMA_BUF_IOCTL_SYNC)
		return 0;
	return next(fd, request, argument);
}

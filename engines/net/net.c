/* See net.h. */
#include "engines/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/privilege/own_ports.h"
#include "base/rng.h"

int net_resolve(const char *text, const char *option, unsigned port, union net_address *ret_address, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM }, *found = NULL;
	size_t len = strlen(text);
	char host[256];

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (!len || len >= sizeof(host))
		return err_say(err, EINVAL, "--%s %s: no host name or address", option, text);
	memcpy(host, text, len);
	host[len] = '\0';
	int rc = getaddrinfo(host, NULL, &hints, &found);
	if (rc)
		return err_say(err, EINVAL, "--%s %s: %s", option, host, rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	rc = -EINVAL;
	for (struct addrinfo *a = found; a && rc < 0; a = a->ai_next) {
		if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) || a->ai_addrlen > sizeof(*ret_address))
			continue;
		memset(ret_address, 0, sizeof(*ret_address));
		memcpy(ret_address, a->ai_addr, a->ai_addrlen);
		net_set_port(ret_address, port);
		rc = 0;
	}
	freeaddrinfo(found);
	return rc < 0 ? err_say(err, EINVAL, "--%s %s: neither an IPv4 nor an IPv6 address", option, host) : 0;
}

char *net_format_host(const union net_address *a, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "?", zone[IF_NAMESIZE + 1] = "";

	if (a->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof(text));
	else if (a->sa.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof(text));
	if (a->sa.sa_family == AF_INET6 && a->v6.sin6_scope_id && if_indextoname(a->v6.sin6_scope_id, zone + 1))
		zone[0] = '%';
	snprintf(out, size, "%s%s", text, zone);
	return out;
}

char *net_format(const union net_address *a, char *out, size_t size)
{
	char host[NET_ADDRESS_TEXT];

	net_format_host(a, host, sizeof(host));
	snprintf(out, size, a->sa.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, net_port(a));
	return out;
}

bool net_same_host(const union net_address *a, const union net_address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr);
}

bool net_is_any(const union net_address *a)
{
	return a->sa.sa_family == AF_INET ? a->v4.sin_addr.s_addr == htonl(INADDR_ANY)
					  : IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

bool net_is_loopback(const union net_address *a)
{
	return a->sa.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static bool v4_is_group(uint32_t host_order)
{
	return host_order >> 28 == 14 || host_order >> 24 == 0 || host_order == 0xffffffff || host_order == 0x7fffffff;
}

bool net_is_group(const union net_address *a)
{
	if (a->sa.sa_family == AF_INET)
		return v4_is_group(ntohl(a->v4.sin_addr.s_addr));
	const struct in6_addr *six = &a->v6.sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(six))
		return v4_is_group(ntohl(six->s6_addr32[3]));
	return IN6_IS_ADDR_MULTICAST(six) || IN6_IS_ADDR_UNSPECIFIED(six);
}

/* Copies the name of the interface that has this address; false if none has. */
static bool interface_with(const union net_address *a, char *out, size_t size)
{
	struct ifaddrs *list = NULL;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
		const union net_address *own = (const union net_address *)i->ifa_addr;

		if (!own || own->sa.sa_family != a->sa.sa_family || !net_same_host(own, a))
			continue;
		found = true;
		snprintf(out, size, "%s", i->ifa_name);
	}
	freeifaddrs(list);
	return found;
}

bool net_is_here(const union net_address *a)
{
	char name[IF_NAMESIZE];

	return net_is_loopback(a) || interface_with(a, name, sizeof(name));
}

void net_interface(const union net_address *a, char *out, size_t size)
{
	union net_address from;
	socklen_t bytes = sizeof(from);

	snprintf(out, size, "%s", net_is_here(a) ? "lo" : "");
	if (*out || net_is_any(a))
		return;
	/* Connecting a datagram socket sends nothing; it makes the kernel choose a route and
	 * with it our own address. */
	int fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (!connect(fd, &a->sa, net_address_bytes(a)) && !getsockname(fd, &from.sa, &bytes))
		interface_with(&from, out, size);
	close(fd);
}

void net_mac(int fd, const char *interface, uint8_t ret_mac[6])
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		memset(&request, 0, sizeof(request));
	memcpy(ret_mac, request.ifr_hwaddr.sa_data, 6);
}

int net_allow_descriptors(unsigned more, const char *option, unsigned value, struct err *err)
{
	enum { OTHERS = 256 }; /* what the rest of the program has open, with room to spare */
	struct rlimit limit;
	rlim_t need = (rlim_t)more + OTHERS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_sys(err, errno, "getrlimit RLIMIT_NOFILE");
	if (need <= limit.rlim_cur)
		return 0;
	if (need > limit.rlim_max)
		return err_say(err, EINVAL, "--%s %u: needs about %llu descriptors, and this process may have %llu (ulimit -n)",
			option, value, (unsigned long long)need, (unsigned long long)limit.rlim_max);
	limit.rlim_cur = need;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? err_sys(err, errno, "setrlimit RLIMIT_NOFILE") : 0;
}

uint64_t net_clock_identity(void)
{
	char text[64];
	struct rng boot = { 0 };
	struct stat clock;

	file_read_line("/proc/sys/kernel/random/boot_id", text, 40);
	if (*text && stat("/proc/self/ns/time", &clock) == 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %llu", (unsigned long long)clock.st_ino);
	for (const char *c = text; *c; c++) {
		boot.state ^= (uint8_t)*c;
		boot.state = rng_next(&boot);
	}
	return boot.state;
}

void net_bound(int fd)
{
	own_ports_add(fd);
}

void net_bind_any(int fd, int family)
{
	union net_address any = { .sa.sa_family = (sa_family_t)family };

	if (bind(fd, &any.sa, net_address_bytes(&any)) == 0)
		own_ports_add(fd);
}

void net_close(int fd)
{
	own_ports_close(fd);
}

int net_set_buffer(int fd, int option, int bytes, bool force, int *ret_bytes, struct err *err)
{
	bool receive = option == SO_RCVBUF;
	int granted = 0;
	socklen_t size = sizeof(granted);
	const char *name = receive ? "SO_RCVBUF" : "SO_SNDBUF";

	if (!force || setsockopt(fd, SOL_SOCKET, receive ? SO_RCVBUFFORCE : SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		if (setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)) < 0)
			return err_sys(err, errno, "setsockopt %s %d", name, bytes);
	if (getsockopt(fd, SOL_SOCKET, option, &granted, &size) < 0)
		return err_sys(err, errno, "getsockopt %s", name);
	*ret_bytes = granted / 2;
	return 0;
}

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
#include "base/text.h"

/* ---- names ---- */

/* "lo, eth0" */
static char *list_interfaces(char *out, size_t size)
{
	struct if_nameindex *all = if_nameindex();

	out[0] = '\0';
	for (struct if_nameindex *i = all; i && i->if_name; i++)
		text_add(out, size, "%s%s", *out ? ", " : "", i->if_name);
	if (all)
		if_freenameindex(all);
	return out;
}

/* Without it the kernel does not know which of the links is meant (RFC 4007).  A group may get its
 * interface from elsewhere. */
static bool lacks_scope(const union net_address *a)
{
	return a->sa.sa_family == AF_INET6 && !a->v6.sin6_scope_id && IN6_IS_ADDR_LINKLOCAL(&a->v6.sin6_addr);
}

static int say_unresolved(const char *option, const char *host, int code, struct err *err)
{
	const char *zone = strchr(host, '%');
	char list[200];

	if (zone && strchr(host, ':') && !if_nametoindex(zone + 1))
		return err_say(err, EINVAL, "--%s %s: there is no interface \"%s\" (this machine has %s)", option, host, zone + 1,
			list_interfaces(list, sizeof(list)));
	return err_say(err, EINVAL, "--%s %s: %s", option, host, code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
}

static int say_unusable(const char *option, const char *host, int family, bool without_scope, struct err *err)
{
	char list[200];

	if (without_scope)
		return err_say(err, EINVAL,
			"--%s %s: a link-local address needs its interface: %s%%INTERFACE (this machine has %s)", option, host,
			host, list_interfaces(list, sizeof(list)));
	return err_say(err, EINVAL, "--%s %s: %s", option, host,
		family == AF_INET    ? "it has no IPv4 address (-4)"
		: family == AF_INET6 ? "it has no IPv6 address (-6)"
				     : "neither an IPv4 nor an IPv6 address");
}

/* The next address of this family from *at on, which moves behind it. */
static bool next_of_family(const struct addrinfo **at, int family, union net_address *ret, bool *without_scope)
{
	for (; *at; *at = (*at)->ai_next) {
		if ((*at)->ai_family != family || (*at)->ai_addrlen > sizeof(*ret))
			continue;
		memset(ret, 0, sizeof(*ret));
		memcpy(ret, (*at)->ai_addr, (*at)->ai_addrlen);
		*at = (*at)->ai_next;
		if (!lacks_scope(ret))
			return true;
		*without_scope = true;
		if (!*at)
			break;
	}
	return false;
}

/* The families take turns; the first address decides who begins. */
static unsigned take_addresses(
	const struct addrinfo *found, int family, union net_address *out, unsigned max, bool *without_scope)
{
	int first = found && found->ai_family == AF_INET ? AF_INET : AF_INET6;
	const struct addrinfo *at[2] = { found, found };
	unsigned count = 0;

	for (unsigned turn = 0, missed = 0; count < max && missed < 2; turn ^= 1) {
		int this_family = turn ? AF_INET + AF_INET6 - first : first;
		bool wanted = family == AF_UNSPEC || family == this_family;

		if (wanted && next_of_family(&at[turn], this_family, &out[count], without_scope)) {
			count++;
			missed = 0;
		} else
			missed++;
	}
	return count;
}

int net_resolve_all(const char *text, const char *option, unsigned port, int family, union net_address *ret_addresses,
	unsigned max, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM }, *found = NULL;
	size_t len = strlen(text);
	bool without_scope = false;
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
		return say_unresolved(option, host, rc, err);
	unsigned count = take_addresses(found, family, ret_addresses, max, &without_scope);
	freeaddrinfo(found);
	for (unsigned i = 0; i < count; i++)
		net_set_port(&ret_addresses[i], port);
	return count ? (int)count : say_unusable(option, host, family, without_scope, err);
}

int net_resolve(const char *text, const char *option, unsigned port, union net_address *ret_address, struct err *err)
{
	int rc = net_resolve_all(text, option, port, AF_UNSPEC, ret_address, 1, err);

	return rc < 0 ? rc : 0;
}

/* ---- addresses ---- */

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

unsigned net_interface_index(const union net_address *a)
{
	char name[IF_NAMESIZE];

	if (a->sa.sa_family == AF_INET6 && a->v6.sin6_scope_id)
		return a->v6.sin6_scope_id;
	return interface_with(a, name, sizeof(name)) ? if_nametoindex(name) : 0;
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

unsigned net_fragments(int fd, uint32_t datagram_bytes)
{
	enum { UDP_HEADER = 8, FRAGMENT_HEADER = 8, UNIT = 8 };
	union net_address own;
	socklen_t size = sizeof(own);
	int mtu = 0;
	socklen_t mtu_size = sizeof(mtu);

	if (getsockname(fd, &own.sa, &size) < 0)
		return 0;
	bool v6 = own.sa.sa_family == AF_INET6;
	if (getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &mtu_size) < 0)
		return 0;
	uint32_t header = v6 ? 40 : 20, whole = datagram_bytes + UDP_HEADER;
	if (mtu < 0 || whole + header <= (uint32_t)mtu)
		return 1;
	header += v6 ? FRAGMENT_HEADER : 0;
	if ((uint32_t)mtu < header + UNIT)
		return 0;
	uint32_t room = ((uint32_t)mtu - header) / UNIT * UNIT;
	return (whole + room - 1) / room;
}

void net_mac(int fd, const char *interface, uint8_t ret_mac[6])
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		memset(&request, 0, sizeof(request));
	memcpy(ret_mac, request.ifr_hwaddr.sa_data, 6);
}

uint64_t net_raise_descriptors(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return wanted;
	if (limit.rlim_cur >= wanted)
		return limit.rlim_cur;
	if (limit.rlim_max < wanted) {
		struct rlimit more = { .rlim_cur = wanted, .rlim_max = wanted };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return wanted;
	}
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

int net_allow_descriptors(unsigned more, const char *option, unsigned value, struct err *err)
{
	enum { OTHERS = 256 }; /* descriptors of the rest of the program, with room to spare */
	uint64_t need = (uint64_t)more + OTHERS, granted = net_raise_descriptors(need);

	if (granted >= need)
		return 0;
	return err_say(err, EINVAL, "--%s %u: needs about %llu descriptors, and this process may have %llu (ulimit -n)", option,
		value, (unsigned long long)need, (unsigned long long)granted);
}

static int set_flag(int fd, int level, int name, const char *text, struct err *err)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) < 0 ? err_sys(err, errno, "setsockopt %s", text) : 0;
}

int net_listen(int fd, union net_address *a, int backlog, bool share, struct err *err)
{
	char text[NET_ADDRESS_TEXT];
	socklen_t size = sizeof(*a);
	/* A restart need not wait for old connections to be forgotten; a port that somebody
	 * listens on stays taken. */
	int rc = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", err);

	if (rc >= 0 && share)
		rc = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", err);
	if (rc >= 0 && a->sa.sa_family == AF_INET6)
		rc = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", err);
	if (rc < 0)
		return rc;
	if (bind(fd, &a->sa, net_address_bytes(a)) < 0)
		return err_sys(err, errno, "bind %s", net_format(a, text, sizeof(text)));
	if (listen(fd, backlog) < 0)
		return err_sys(err, errno, "listen %s", net_format(a, text, sizeof(text)));
	net_bound(fd);
	return getsockname(fd, &a->sa, &size) < 0 ? err_sys(err, errno, "getsockname") : 0;
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

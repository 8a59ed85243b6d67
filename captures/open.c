/* Opening a live capture: see open.h.  libpcap >= 1.5 (nanosecond stamps);
 * PACKET_IGNORE_OUTGOING Linux >= 4.20. */
#include "captures/open.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/privilege/privilege.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static const char privilege[] = "needs CAP_NET_RAW: run as root, or setcap cap_net_raw+ep netdyno";

bool capture_probe(char *why, size_t size)
{
	char scratch[64];
	int fd = privilege_socket(AF_PACKET), errnum = -fd;

	if (fd >= 0) {
		close(fd);
		if (size)
			why[0] = '\0';
		return true;
	}
	if (errnum == EPERM || errnum == EACCES)
		snprintf(why, size, "%s", privilege);
	else
		snprintf(why, size, "packet sockets do not work here (socket AF_PACKET: %s)",
			strerror_r(errnum, scratch, sizeof(scratch)));
	return false;
}

static int no_interface(const char *name, struct err *err)
{
	struct if_nameindex *all = if_nameindex();
	char list[200] = "";
	size_t used = 0;

	for (struct if_nameindex *i = all; i && i->if_name && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", i->if_name);
	if (all)
		if_freenameindex(all);
	return err_say(err, ENODEV, "capture: there is no interface \"%s\" (this machine has %s)", name, list);
}

static int activate_failed(pcap_t *pcap, int code, const char *interface, struct err *err)
{
	const char *detail = pcap_geterr(pcap);

	if (code == PCAP_ERROR_PERM_DENIED)
		return err_say(err, EPERM, "capture on %s %s", interface, privilege);
	if (code == PCAP_ERROR_NO_SUCH_DEVICE)
		return no_interface(interface, err);
	if (code == PCAP_ERROR_IFACE_NOT_UP)
		return err_say(err, ENETDOWN, "capture on %s: the interface is down", interface);
	return err_say(err, EIO, "capture on %s: %s", interface, *detail ? detail : pcap_statustostr(code));
}

static int activate(pcap_t *pcap, const struct capture_request *request, const char *interface, struct err *err)
{
	unsigned snaplen = request->options.snaplen_bytes;

	/* None of these can fail before activation but for what libpcap was built without. */
	if (pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) != 0)
		return err_say(err, ENOTSUP, "capture: this libpcap has no nanosecond stamps");
	/* No less than the headers by which the run's own packets are told. */
	pcap_set_snaplen(pcap, (int)(snaplen > CAPTURE_SNAPLEN_MIN ? snaplen : CAPTURE_SNAPLEN_MIN));
	pcap_set_buffer_size(pcap, CAPTURE_RING_BYTES);
	pcap_set_timeout(pcap, CAPTURE_TIMEOUT_MS);
	pcap_set_immediate_mode(pcap, 0);
	pcap_set_promisc(pcap, 0);
	/* The one call that needs the privilege. */
	bool raised = privilege_raise();
	int code = pcap_activate(pcap);
	privilege_lower(raised);
	return code < 0 ? activate_failed(pcap, code, interface, err) : 0;
}

static bool is_loopback(const char *interface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	bool yes = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_LOOPBACK;
	if (fd >= 0)
		close(fd);
	return yes;
}

/* On loopback every packet passes a tap twice.  libpcap leaves out the outgoing one, but only
 * after the kernel has copied it. */
static void see_once(pcap_t *pcap, const char *interface)
{
	int on = 1;

	if (is_loopback(interface))
		setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
}

/* The extra expression must be whole by itself: "a) or (b" would step out of the parentheses put
 * round it. */
static int check_extra(pcap_t *pcap, const char *extra, struct err *err)
{
	struct bpf_program program;

	if (!*extra)
		return 0;
	if (pcap_compile(pcap, &program, extra, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return err_say(err, EINVAL, "capture: filter \"%s\": %s", extra, pcap_geterr(pcap));
	pcap_freecode(&program);
	return 0;
}

int capture_filter_check(const char *filter, struct err *err)
{
	struct bpf_program program;
	pcap_t *pcap = *filter ? pcap_open_dead(DLT_EN10MB, CAPTURE_SNAPLEN_MIN) : NULL;
	int rc = 0;

	/* Without memory for it, the capture itself will say so. */
	if (!pcap)
		return 0;
	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		rc = err_say(err, EINVAL, "filter \"%s\": %s", filter, pcap_geterr(pcap));
	else
		pcap_freecode(&program);
	pcap_close(pcap);
	return rc;
}

static int set_filter(pcap_t *pcap, const char *filter, struct err *err)
{
	struct bpf_program program;

	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return err_say(err, EINVAL, "capture: filter \"%s\": %s", filter, pcap_geterr(pcap));
	int code = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return code < 0 ? err_say(err, EIO, "capture: set filter: %s", pcap_geterr(pcap)) : 0;
}

int capture_open(
	const struct capture_request *request, const char *interface, const char *filter, pcap_t **ret_pcap, struct err *err)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(interface, text);

	if (!pcap)
		return err_say(err, EIO, "capture on %s: %s", interface, text);
	int r = activate(pcap, request, interface, err);
	if (r == 0) {
		see_once(pcap, interface);
		r = check_extra(pcap, request->options.filter, err);
	}
	if (r == 0)
		r = set_filter(pcap, filter, err);
	if (r == 0 && pcap_setnonblock(pcap, 1, text) < 0)
		r = err_say(err, EIO, "capture on %s: %s", interface, text);
	if (r < 0)
		pcap_close(pcap);
	else
		*ret_pcap = pcap;
	return r;
}

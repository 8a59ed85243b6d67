// The fan-out exercise as a Go programmer writes it: one writer sends a datagram to each of many reader sockets on
// their own ports, and waits until all have theirs.  For the benchmark only: what netdyno's mode fanout is held against.
//
//	fanout_go [-how baseline|concurrent|raw] [-readers N] [-size BYTES] [-seconds S]      one line of JSON
//
// baseline: one WriteTo after the other.  concurrent: a goroutine for each reader and round.  raw: the same through a raw
// socket, with the headers written here (needs CAP_NET_RAW); the kernel adds IP's checksum, UDP goes without (RFC 768).
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand"
	"net"
	"os"
	"sync"
	"time"
)

const ipHeader, udpHeader = 20, 8

func die(what string, err error) {
	fmt.Fprintf(os.Stderr, "fanout_go: %s: %v\n", what, err)
	os.Exit(1)
}

// read tells of every datagram that has come to the socket.
func read(conn *net.UDPConn, size int, round *sync.WaitGroup) {
	buffer := make([]byte, size+1)
	for {
		n, _, err := conn.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		if n == size {
			round.Done()
		}
	}
}

func listen(readers, size int, round *sync.WaitGroup) []*net.UDPAddr {
	addresses := make([]*net.UDPAddr, readers)
	for i := range addresses {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			die("listen", err)
		}
		addresses[i] = conn.LocalAddr().(*net.UDPAddr)
		go read(conn, size, round)
	}
	return addresses
}

// sender returns what sends a datagram to a reader; its buffers are the readers' own, a fresh payload each.
func sender(how string, addresses []*net.UDPAddr, size int) func(reader int) {
	pool := make([]byte, size+4096)
	rand.Read(pool)
	room := 0
	if how == "raw" {
		room = ipHeader + udpHeader
	}
	buffers := make([][]byte, len(addresses))
	for i := range buffers {
		buffers[i] = make([]byte, room+size)
	}
	fill := func(reader int) []byte {
		copy(buffers[reader][room:], pool[rand.Intn(4096):])
		return buffers[reader]
	}
	if how == "raw" {
		return rawSender(addresses, size, fill)
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		die("listen", err)
	}
	return func(reader int) {
		if _, err := conn.WriteTo(fill(reader), addresses[reader]); err != nil {
			die("write", err)
		}
	}
}

func rawSender(addresses []*net.UDPAddr, size int, fill func(reader int) []byte) func(reader int) {
	// IPPROTO_RAW: it sends, and receives nothing.
	conn, err := net.ListenIP("ip4:255", &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		die("raw socket", err)
	}
	return func(reader int) {
		packet := fill(reader)
		packet[0], packet[8], packet[9] = 0x45, 64, 17 // version and length, hop limit, UDP
		copy(packet[12:], net.IPv4(127, 0, 0, 1).To4())
		copy(packet[16:], addresses[reader].IP.To4())
		udp := packet[ipHeader:]
		binary.BigEndian.PutUint16(udp[0:], 5000)
		binary.BigEndian.PutUint16(udp[2:], uint16(addresses[reader].Port))
		binary.BigEndian.PutUint16(udp[4:], uint16(udpHeader+size))
		if _, err := conn.WriteTo(packet, &net.IPAddr{IP: addresses[reader].IP}); err != nil {
			die("write", err)
		}
	}
}

func main() {
	how := flag.String("how", "baseline", "baseline, concurrent or raw")
	readers := flag.Int("readers", 100, "reader sockets")
	size := flag.Int("size", 1500, "bytes of a datagram")
	seconds := flag.Float64("seconds", 3, "how long")
	flag.Parse()
	if *how != "baseline" && *how != "concurrent" && *how != "raw" {
		fmt.Fprintln(os.Stderr, "fanout_go: -how is baseline, concurrent or raw")
		os.Exit(2)
	}

	var round sync.WaitGroup
	send := sender(*how, listen(*readers, *size, &round), *size)
	rounds, start := 0, time.Now()
	for time.Since(start).Seconds() < *seconds {
		round.Add(*readers)
		for i := 0; i < *readers; i++ {
			if *how == "baseline" {
				send(i)
			} else {
				go send(i)
			}
		}
		round.Wait()
		rounds++
	}
	took := time.Since(start)
	fmt.Printf("{\"rounds_per_s\": %.1f, \"ns_per_round\": %d}\n",
		float64(rounds)/took.Seconds(), took.Nanoseconds()/int64(rounds))
}

package voicetest

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// ids makes the ids of one simulator: the same ones in every run.
type ids struct {
	seed   string
	prefix string // of call ids
	connID string // first half of connection ids
}

const base36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func newIDs(seed string) *ids {
	s := &ids{seed: seed}
	sum := s.sum("call")
	var b strings.Builder
	b.WriteString("02")
	for _, c := range sum[:19] {
		b.WriteByte(base36[int(c)%len(base36)])
	}
	b.WriteString("VTAES")
	s.prefix = b.String() // 26 characters
	s.connID = "0072" + hex.EncodeToString(sum[20:22])
	return s
}

func (s *ids) sum(name string) [32]byte { return sha256.Sum256([]byte(s.seed + "/" + name)) }

// uuid is in the lower-case form with hyphens.
func (s *ids) uuid(name string) string {
	sum := s.sum(name)
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// hex32 is 32 hexadecimal digits.
func (s *ids) hex32(name string) string {
	sum := s.sum(name)
	return hex.EncodeToString(sum[:16])
}

// call returns the id and the connection id of the n-th call.
func (s *ids) call(n int) (uuid, connID string) {
	digits := strings.ToUpper(strconv.FormatInt(int64(n), 36))
	uuid = s.prefix + strings.Repeat("0", max(0, 6-len(digits))) + digits
	low := strconv.FormatInt(int64(n), 16)
	return uuid, s.connID + strings.Repeat("0", max(0, 8-len(low))) + low
}

package server

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"io"
)

func (c *conn) upgrade(key string) error {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err := io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
	return err
}

// readFrame returns the payload of the next text frame, valid until the next
// call. It answers no ping and expects no fragments.
func (c *conn) readFrame() ([]byte, error) {
	for {
		var h [14]byte
		if _, err := io.ReadFull(c.r, h[:2]); err != nil {
			return nil, err
		}
		opcode, length := h[0]&15, int(h[1]&127)
		extra := 4 // the mask
		switch length {
		case 126:
			extra += 2
		case 127:
			extra += 8
		}
		if _, err := io.ReadFull(c.r, h[2:2+extra]); err != nil {
			return nil, err
		}
		switch length {
		case 126:
			length = int(binary.BigEndian.Uint16(h[2:]))
		case 127:
			length = int(binary.BigEndian.Uint64(h[2:]))
		}
		if length > 1<<20 {
			return nil, errTooLong
		}
		if cap(c.body) < length {
			c.body = make([]byte, length)
		}
		payload := c.body[:length]
		if _, err := io.ReadFull(c.r, payload); err != nil {
			return nil, err
		}
		mask := h[2+extra-4 : 2+extra]
		for i := range payload {
			payload[i] ^= mask[i&3]
		}
		switch opcode {
		case 1:
			return payload, nil
		case 8:
			return nil, io.EOF
		}
	}
}

// frame returns payload as a text frame.
func frame(payload ...[]byte) []byte {
	length := 0
	for _, p := range payload {
		length += len(p)
	}
	f := []byte{0x81}
	switch {
	case length < 126:
		f = append(f, byte(length))
	case length < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 126), uint16(length))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 127), uint64(length))
	}
	for _, p := range payload {
		f = append(f, p...)
	}
	return f
}

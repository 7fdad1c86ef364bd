package voice

import (
	"bytes"
	"encoding/json"
	"testing"
)

func benchmarkMessage(b *testing.B, file string) {
	channel, pretty := readMessage(b, file)
	var data bytes.Buffer
	if err := json.Compact(&data, pretty); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(data.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeMessage(channel, data.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeCall(b *testing.B) {
	benchmarkMessage(b, "testdata/messages/established-observed.json")
}

func BenchmarkDecodeDevice(b *testing.B) {
	benchmarkMessage(b, "testdata/messages/device-ready-observed.json")
}

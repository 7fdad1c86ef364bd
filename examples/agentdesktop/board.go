package main

import (
	"encoding/json"
	"fmt"
	"sync"
)

// board holds what a page shows, as one JSON value per topic: the calls, the
// agent, the history. A reader that is slow or was away gets the newest value of
// each topic that has changed, so nothing has to be queued and nothing can be
// missed.
type board struct {
	mu      sync.Mutex
	version uint64
	topics  []posting
	changed chan struct{} // closed at the next change
	ended   string        // why there will be no more; "" while there may be
}

type posting struct {
	topic   string
	version uint64
	data    []byte
}

func newBoard() *board { return &board{changed: make(chan struct{})} }

// post replaces the value of a topic.
func (b *board) post(topic string, value any) { b.postEncoded(topic, encode(value)) }

// postEncoded is post for a value that several boards get.
func (b *board) postEncoded(topic string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	for i := range b.topics {
		if b.topics[i].topic == topic {
			if string(b.topics[i].data) != string(data) {
				b.topics[i] = posting{topic, b.version, data}
				b.wake()
			}
			return
		}
	}
	b.topics = append(b.topics, posting{topic, b.version, data})
	b.wake()
}

func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("agentdesktop: %T: %v", value, err)) // our own types
	}
	return data
}

// end tells the readers to go; only the first reason counts.
func (b *board) end(reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == "" {
		b.ended = reason
		b.wake()
	}
}

func (b *board) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// since returns what was posted after a version, the version that the reader
// has then, and a channel that is closed when there is more.
func (b *board) since(seen uint64) (news []posting, version uint64, changed <-chan struct{}, ended string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.topics {
		if p.version > seen {
			news = append(news, p)
		}
	}
	return news, b.version, b.changed, b.ended
}

package stream

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errEnd = errors.New("end")

func TestQueue_keepsOrder(t *testing.T) {
	q := New[int](1000)
	next := 0
	for i := range 1000 { // reading behind the writer exercises the compaction
		q.Push(i)
		if i%3 == 0 {
			e, dropped, err := q.Next(t.Context())
			require.NoError(t, err)
			require.Zero(t, dropped)
			require.Equal(t, next, e)
			next++
		}
	}
	q.Close(errEnd)
	for ; next < 1000; next++ {
		e, _, err := q.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, next, e)
	}
	_, _, err := q.Next(t.Context())
	assert.ErrorIs(t, err, errEnd)
}

func TestQueue_reportsTheHoleWhereItIs(t *testing.T) {
	q := New[string](2)
	assert.True(t, q.Push("a"))
	assert.True(t, q.Push("b"))
	assert.False(t, q.Push("lost"))
	assert.False(t, q.Push("lost"))
	assert.True(t, q.PushControl("gap"), "a control event survives a full queue")
	assert.False(t, q.Push("lost"))

	type got struct {
		event   string
		dropped int
	}
	var all []got
	for range 5 {
		e, n, err := q.Next(t.Context())
		require.NoError(t, err)
		all = append(all, got{e, n})
	}
	assert.Equal(t, []got{{"a", 0}, {"b", 0}, {"", 2}, {"gap", 0}, {"", 1}}, all)
	assert.Equal(t, 2, q.Free())
}

func TestQueue_controlEventsAreBoundedToo(t *testing.T) {
	q := New[int](1)
	for range 10_000 {
		q.PushControl(1)
	}
	assert.Equal(t, 1+controlRoom, q.Len())
}

func TestQueue_contextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](1)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, _, err := q.Next(ctx)
			done <- err
		}()
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled)

		q.Push(1)
		_, _, err := q.Next(ctx)
		assert.ErrorIs(t, err, context.Canceled, "an ended context wins over a waiting event")
	})
}

func TestQueue_everyReaderIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](10)
		done := make(chan int, 3)
		for range 3 {
			go func() {
				e, _, _ := q.Next(t.Context())
				done <- e
			}()
		}
		synctest.Wait()
		q.Push(1)
		q.Push(2)
		q.Push(3)
		assert.Equal(t, 6, <-done+<-done+<-done)

		for range 3 {
			go func() {
				_, _, err := q.Next(t.Context())
				assert.ErrorIs(t, err, errEnd)
				done <- 0
			}()
		}
		synctest.Wait()
		q.Close(errEnd)
		<-done
		<-done
		<-done
	})
}

func TestQueue_notifyRoom(t *testing.T) {
	q := New[int](1)
	q.Push(1)
	calls := 0
	q.NotifyRoom(func() { calls++ })
	q.Push(2)
	assert.Zero(t, calls)
	_, _, _ = q.Next(t.Context())
	assert.Equal(t, 1, calls)
	_, _, _ = q.Next(t.Context())
	assert.Equal(t, 1, calls)
}

func TestQueue_givesMemoryBack(t *testing.T) {
	q := New[int](1 << 20)
	for i := range 10_000 {
		q.Push(i)
	}
	for range 10_000 {
		_, _, _ = q.Next(t.Context())
	}
	assert.LessOrEqual(t, cap(q.items), shrinkAbove)
}

func TestPut_leavesTheReaderAsleepUntilWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](8)
		read := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				if _, _, err := q.Next(context.Background()); err != nil {
					return
				}
				read++
			}
		}()
		synctest.Wait()
		q.Put(1)
		q.Put(2)
		synctest.Wait()
		assert.Zero(t, read)
		q.Wake()
		synctest.Wait()
		assert.Equal(t, 2, read)
		q.Close(errEnd)
		<-done
	})
}

func TestNext_everyReaderIsWoken(t *testing.T) {
	const readers, events = 8, 4000
	q := New[int](events)
	counts := make(chan int, readers)
	for range readers {
		go func() {
			n := 0
			for {
				ctx, cancel := context.WithCancel(context.Background())
				if n%16 == 15 {
					go cancel() // some give up as they are woken
				}
				_, _, err := q.Next(ctx)
				cancel()
				switch {
				case err == nil:
					n++
				case errors.Is(err, errEnd):
					counts <- n
					return
				}
			}
		}()
	}
	for i := range events {
		if q.Put(i); i%5 == 0 {
			q.Wake()
		}
	}
	q.Close(errEnd)
	total := 0
	for range readers {
		total += <-counts
	}
	assert.Equal(t, events, total)
}

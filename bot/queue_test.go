package bot

import (
	"context"
	"testing"
	"time"
)

func newQueue() *queue {
	q := new(queue)
	q.init()
	return q
}

func TestASubjectIsInOneHandAtATime(t *testing.T) {
	q := newQueue()
	if !q.push("a") || q.push("a") {
		t.Error("a subject waits once")
	}
	if s, ok := q.pop(); s != "a" || !ok {
		t.Fatalf("popped %q, %t", s, ok)
	}
	if !q.push("a") {
		t.Error("what comes while a subject is in hand is dropped")
	}
	q.push("b")
	if s, _ := q.pop(); s != "b" {
		t.Errorf("popped %q, though a is in hand", s)
	}
	q.free("a")
	if s, _ := q.pop(); s != "a" {
		t.Errorf("popped %q; a was pushed while in hand", s)
	}
}

func TestSubjectsAreTakenInTheOrderInWhichTheyCame(t *testing.T) {
	q := newQueue()
	for _, s := range []string{"c", "a", "b"} {
		q.push(s)
	}
	for _, want := range []string{"c", "a", "b"} {
		if got, _ := q.pop(); got != want {
			t.Errorf("popped %q, want %q", got, want)
		}
	}
}

func TestAClosedQueueLetsItsWaitersGo(t *testing.T) {
	q := newQueue()
	gone := make(chan bool)
	go func() {
		_, ok := q.pop()
		gone <- ok
	}()
	q.close()
	if ok := <-gone; ok {
		t.Error("popped something from a closed queue")
	}
	q.push("a")
	if _, ok := q.pop(); ok {
		t.Error("a closed queue gives out work")
	}
}

func TestActivityIsOverWhenNothingIsInHand(t *testing.T) {
	var a activity
	a.init()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.wait(ctx); err != nil {
		t.Fatalf("idle from the start: %v", err)
	}
	a.add(2)
	over := make(chan error)
	go func() { over <- a.wait(ctx) }()
	a.add(-1)
	select {
	case <-over:
		t.Error("over although one is in hand")
	default:
	}
	a.add(-1)
	if err := <-over; err != nil {
		t.Error(err)
	}
	a.add(1)
	cancel()
	if err := a.wait(ctx); err == nil {
		t.Error("waited for nothing")
	}
}

func TestMomentsAreForgotten(t *testing.T) {
	var m moments
	m.add(noon)
	m.add(noon.Add(time.Minute))
	for _, test := range []struct {
		since time.Duration
		want  int
	}{{0, 2}, {time.Second, 1}, {0, 1}, {2 * time.Minute, 0}} {
		if got := m.since(noon.Add(test.since)); got != test.want {
			t.Errorf("since %v: %d, want %d", test.since, got, test.want)
		}
	}
}

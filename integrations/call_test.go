package integrations

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestUnansweredTellsSentFromUnsent(t *testing.T) {
	tests := []struct {
		name string
		call func(t *testing.T, ctx context.Context) error
		want Failure
		code string
	}{
		{
			name: "a refused connection is surely not sent",
			call: func(t *testing.T, ctx context.Context) error { return get(ctx, "http://"+closedAddress(t)) },
			want: Unreachable, code: "no answer",
		},
		{
			name: "a call that was over before it began is surely not sent",
			call: func(t *testing.T, ctx context.Context) error {
				ctx, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
				defer cancel()
				return get(ctx, "http://"+closedAddress(t))
			},
			want: Unreachable, code: "timeout",
		},
		{
			name: "a connection that breaks off before the answer leaves it open",
			call: func(t *testing.T, ctx context.Context) error {
				return get(ctx, serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
			},
			want: Unknown, code: "no answer",
		},
		{
			name: "a timeout while waiting for the answer leaves it open",
			call: func(t *testing.T, ctx context.Context) error {
				ctx, cancel := context.WithCancelCause(ctx)
				url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
					cancel(context.DeadlineExceeded)
					<-r.Context().Done()
				})
				err := get(ctx, url)
				return errors.Join(err, context.Cause(ctx))
			},
			want: Unknown, code: "timeout",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, sent := TraceSent(t.Context())
			got := Unanswered("test", tt.call(t, ctx), sent.Load())
			if got.Failure != tt.want || got.Code != tt.code {
				t.Errorf("got %v %q, want %v %q: %v", got.Failure, got.Code, tt.want, tt.code, got)
			}
		})
	}
}

func TestUnansweredLeavesOutAddresses(t *testing.T) {
	err := get(t.Context(), "http://"+closedAddress(t)+"/?ticket=s3cret")
	if !strings.Contains(err.Error(), "s3cret") {
		t.Fatalf("net/http no longer names the address: %v", err)
	}
	if got := Unanswered("test", err, false).Error(); strings.Contains(got, "s3cret") {
		t.Errorf("the error gives the address away: %s", got)
	}
}

func TestBoundedEndsLongAnswers(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") })
	for max, want := range map[int64]error{4: errTooLong, 5: nil} {
		c := http.Client{Transport: bounded{http.DefaultTransport, max}}
		resp, err := c.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !errors.Is(err, want) || int64(len(body)) != max {
			t.Errorf("at most %d bytes: read %q, %v; want %v", max, body, err, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-1": 0, "soon": 0, "9999999999": MaxWait, "99999999999999999999": 0, "999999": MaxWait,
	} {
		h := http.Header{}
		h.Set("Retry-After", value)
		if got := RetryAfter(h); got != want {
			t.Errorf("Retry-After: %q is %v, want %v", value, got, want)
		}
	}
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// closedAddress returns a loopback address at which nobody listens.
func closedAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return l.Addr().String()
}

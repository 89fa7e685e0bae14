package integrations

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// TraceSent returns a context for one call, and a flag that is set when a request of that call is given a
// connection. Until then the service has surely not seen it; from then on it may have. (The later
// httptrace.WroteRequest would not do: it is reported after the fact, when an aborted call has returned.)
func TraceSent(ctx context.Context) (context.Context, *atomic.Bool) {
	sent := new(atomic.Bool)
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }}
	return httptrace.WithClientTrace(ctx, trace), sent
}

// Unanswered returns the Error of a call to which no whole answer came. sent says whether the request may
// have gone out. The addresses that net/http puts into its errors are left out, as they can hold secrets.
func Unanswered(op string, err error, sent bool) *Error {
	e := &Error{Op: op, Code: "no answer", Failure: Unknown, Err: withoutURL(err)}
	var refused *net.OpError
	if !sent || errors.As(err, &refused) && refused.Op == "dial" {
		e.Failure = Unreachable
	}
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		e.Code = "timeout"
	}
	return e
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

func withoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// RetryAfter returns the wait that a Retry-After header asks for in seconds, or 0 if it has none.
func RetryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(MaxWait/time.Second))) * time.Second
}

// MaxWait is the longest wait that a service is believed to ask for: the longest window of any limit we know
// is GitHub's hour.
const MaxWait = time.Hour

const (
	httpTimeout = 10 * time.Second // of a call whose context has no earlier deadline
	maxAnswer   = 32 << 20         // bytes; a page of a hundred issues with full bodies, or all user groups, is the longest
	idleConns   = 64               // kept open, so that a burst does not open a connection for each call
)

// HTTPClient returns a client that reads no endless answers and follows no redirects.
func HTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = idleConns
	return &http.Client{
		Timeout:       httpTimeout,
		Transport:     bounded{transport, maxAnswer},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded is a transport whose answers end with an error after max bytes, so that no answer can fill the memory.
type bounded struct {
	next http.RoundTripper
	max  int64
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil && resp.Body != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = &boundedBody{resp.Body, b.max}
	}
	return resp, err
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

var errTooLong = errors.New("the answer is too long")

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, errTooLong
	}
	return n, err
}

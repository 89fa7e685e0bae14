package text

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// linkTarget returns the address that a link to raw may safely have in Markdown; empty if it must not be a link.
// Only http, https and mailto are linked to. An address of an issue, pull request, commit or discussion would
// leave a cross-reference on it: at github.com the link goes through GitHub's own redirecting host, which leaves
// none (Dependabot and Renovate do the same); elsewhere, which may be a GitHub Enterprise host, there is no link.
func linkTarget(raw string) string {
	raw = cleanLine(raw)
	if strings.ContainsAny(raw, " ⟦⟧") {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "mailto":
		return mailTarget(u, raw)
	case "http", "https":
	default:
		return ""
	}
	host := strings.ToLower(strings.Trim(u.Hostname(), "."))
	switch {
	case host == "":
		return ""
	case !leavesReference(u):
		return encodeURL(raw)
	case host != "github.com" && host != "www.github.com":
		return ""
	}
	redirect := *u
	redirect.Scheme, redirect.Host, redirect.User = "https", "redirect.github.com", nil
	return encodeURL(redirect.String())
}

var (
	mailAddress    = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	referencedPath = regexp.MustCompile(`(?i)^/+[^/]+/+[^/]+/+(issues?|pulls?|commits?|discussions?|compare)(/|$)`)
)

func mailTarget(u *url.URL, raw string) string {
	if !mailAddress.MatchString(u.Opaque) {
		return ""
	}
	return encodeURL(raw)
}

// leavesReference says whether u has the path of something on GitHub that shows who links to it. The host that
// redirects is safe.
func leavesReference(u *url.URL) bool {
	return referencedPath.MatchString(u.Path) && !strings.EqualFold(u.Hostname(), "redirect.github.com")
}

// encodeURL percent-encodes what has a meaning of its own in Markdown, and what can't be seen.
func encodeURL(s string) string {
	var out strings.Builder
	for i, r := range s {
		if !strings.ContainsRune("<>()[]\\`\"", r) && !hidden(r) && !endsEntity(s[:i+utf8.RuneLen(r)]) {
			out.WriteRune(r)
			continue
		}
		for _, b := range []byte(string(r)) {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

func hidden(r rune) bool {
	return r > 0x7F && !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

const maxEntity = 40 // the longest name of an HTML entity has 31 letters

// endsEntity says whether an HTML character reference ends s.
func endsEntity(s string) bool {
	if !strings.HasSuffix(s, ";") {
		return false
	}
	tail := s[max(0, len(s)-maxEntity):]
	return entity.MatchString(tail[max(0, strings.LastIndexByte(tail, '&')):])
}

// entity matches an HTML character reference at the start.
var entity = regexp.MustCompile(`^&(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{0,40});`)

package redact

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// tokenRules find what says by its own form that it lets its bearer in.
func tokenRules() ([]*rule, error) {
	first := func(ok func(m match) bool) secret {
		return func(m match) (span, bool) { return m.span(1), ok(m) }
	}
	group := func(ok func(string) bool) secret { return first(func(m match) bool { return ok(m.group(1)) }) }
	var rules []*rule
	for _, d := range []struct {
		kind, pattern string
		keywords      []string
		take          secret
		specific      bool
	}{
		{"slack-token", `(?i)(xox[a-z](?:\.xox[a-z])?-[a-z0-9-]{10,400})`, []string{"xox"}, group(hasDigit), true},
		{"slack-token", `(?i)(xapp-[0-9]-[a-z0-9-]{10,400})`, []string{"xapp-"}, group(hasDigit), true},
		{"access-token", `(?:AKIA|ASIA)[A-Z2-7]{16}[\s,:;|/"'\x60]{1,4}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)`, []string{"akia", "asia"}, group(hasCases), true}, // a pair of AWS without labels
		{"gcp-access-token", `(ya29\.[\w.-]{20,1000})`, []string{"ya29."}, group(hasDigit), true},
		{"gcp-refresh-token", `\b(1//[\w-]{30,500})`, []string{"1//"}, group(isCredential), true},
		{"gcp-client-secret", `(GOCSPX-[\w-]{20,60})`, []string{"gocspx-"}, group(notBlank), true},
		{"openai-api-key", `\b(sk-[\w-]{20,300})`, []string{"sk-"}, group(random), true},
		{"jenkins-crumb", `(?i)crumb\\?["']?\s*[:=]\s*\\?["']?([0-9a-f]{32,128})`, []string{"crumb"}, group(hasDigit), false},
		{"discord-webhook", `(?i)discord(?:app)?\.com/api/webhooks/[0-9]+/([\w-]{40,100})`, []string{"discord"}, group(isCredential), true},
		{"url-password", `://[^\s:@/?#"'<>\xff]{0,100}:([^\s"'<>\xff]{1,200})@[\w.\[$%{-]`, []string{"://"}, urlPassword, true},
		{"url-password", `(?i)proxy\\?["']?[ \t]{0,3}[=:][ \t]{0,3}\\?["']?[\w.+-]{1,64}:([^\s/"'<>@\xff]{1,100})@[\w.\[$%{-]`, []string{"proxy"}, group(notBlank), true},
		{"url-password", `(?i)jdbc:oracle:[a-z]+:[^\s/@"'\xff]{1,60}/([^\s@"'\xff]{1,100})@`, []string{"jdbc:oracle:"}, group(notBlank), true},
		{"password", `(?i)sqlplus\s+(?:-\w+\s+)*[^\s/@"'\xff]{1,60}/([^\s@"'\xff]{1,100})@`, []string{"sqlplus"}, group(notBlank), false},
		{"password", `:(?:5432|5433|5439|6432):[^\s:]{1,60}:[^\s:]{1,60}:([^\s:\xff]{4,100})(?:\s|$)`, []string{":5432:", ":5433:", ":6432:", ":5439:"}, group(notBlank), false},
		{"signed-url", `(?i)x-(?:amz|goog)-signature=([0-9a-f]{32,})`, []string{"x-amz-signature=", "x-goog-signature="}, group(hasDigit), true},
		{"signed-url", `(?i)[?&]sig=([a-z0-9%+/=_-]{30,200})`, []string{"?sig=", "&sig="}, group(hasDigit), true},
		{"authorization-header", `(?i)bearer["'\x60:]{0,2}\s+["'\x60]?([\w.~+/=-]{12,})`, []string{"bearer"}, group(isCredential), false},
		{"authorization-header", `(?i)basic\s+([a-z0-9+/]{6,400}={0,2})`, []string{"basic"}, group(isBasic), false},
		{"authorization-header", `(?i)authorization\\?["']?\s*[:=]\s*\\?["']?(?:(?:bearer|basic|token|digest|apikey|api-key|key|negotiate)\s+)?([\w.~+/=:-]{8,})`, []string{"authorization"}, group(isCredential), false},
		{"cookie", `(?i)cookie\\?["']?:\s*\\?["']?([\w.-]{1,80}=[^\n\xff"']{1,})`, []string{"cookie"}, group(hasLongValue), false},
		{"access-token", `(?i)https?://[^\s/@:"'\xff]{16,200}@`, []string{"https://", "http://"}, urlToken, true},
	} {
		r, err := patternRule(d.kind, d.pattern, d.keywords, d.take)
		if err != nil {
			return nil, err
		}
		r.specific = d.specific
		if d.keywords[0] == "://" {
			r.likely = hasAtSign
		}
		if d.specific {
			r.rank = rankToken
		}
		rules = append(rules, r)
	}
	return append(rules, jenkinsRule()), nil
}

// jenkinsTokenLength is how long an API token of Jenkins is: "11", its version, and 128 bits in hex. No digest is as long.
const jenkinsTokenLength = 2 + 32

func jenkinsRule() *rule {
	return &rule{
		kind: "jenkins-api-token", rank: rankToken, specific: true, start: true, boundary: true, keywords: []string{"11"}, reach: jenkinsTokenLength,
		find: func(text string, at, _ int) (span, bool) {
			end := min(len(text), at+jenkinsTokenLength)
			token := text[at:end]
			return span{at, end}, len(token) == jenkinsTokenLength && all(token, isHex) && !all(token, isDigit) && (end == len(text) || !isWord(text[end]))
		},
	}
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func notBlank(s string) bool { return !isPlaceholderValue(s) }

// hasAtSign says whether the address at text[at] may have a user and a password.
func hasAtSign(text string, at int) bool {
	return strings.IndexByte(text[at:min(len(text), at+maxUser)], '@') >= 0
}

// maxUser is the length that an address has at most before its host, in bytes.
const maxUser = 1300

var portPath = regexp.MustCompile(`^[0-9]{1,5}(?:/|$)`)

// urlPassword takes the password out of user:password@host. A port and a path with @ in it look alike.
func urlPassword(m match) (span, bool) {
	s := m.span(1)
	v := m.group(1)
	if slash := strings.IndexAny(v, "/?#"); slash >= 0 {
		if portPath.MatchString(v) {
			return s, false
		}
		if at := strings.LastIndexByte(v[:slash], '@'); at >= 0 { // a later @ is in the path
			v = v[:at]
			s.to = s.from + at
		}
	}
	switch strings.ToLower(v) {
	case "password", "pass", "passwd", "pwd", "secret", "pw":
		return s, false
	}
	return s, !isPlaceholderValue(v)
}

// urlToken takes the token out of https://token@host.
func urlToken(m match) (span, bool) {
	whole := m.span(0)
	s := span{whole.from + strings.Index(m.group(0), "://") + 3, whole.to - 1}
	return s, isCredential(m.text[s.from:s.to])
}

// isCredential says whether v looks made up by a machine rather than by a writer.
func isCredential(v string) bool {
	return len(v) >= 12 && hasDigit(v) && mixed(v) && !wordy(v) && !isPlaceholderValue(v)
}

// isBasic says whether v is what Basic authorization sends: base64 of user:password.
func isBasic(v string) bool {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(v, "="))
	return err == nil && strings.Contains(string(plain), ":") && encodedText(v)
}

// hasLongValue says whether a cookie holds more than settings.
func hasLongValue(v string) bool {
	for _, c := range strings.Split(v, ";") {
		_, value, _ := strings.Cut(c, "=")
		if len(value) >= 16 && isCredential(value) {
			return true
		}
	}
	return false
}

package redact

import (
	"encoding/base64"
	"strings"
)

const (
	secretName = `(?:pass ?words?|passwd|pass ?phrase|pwd|pw|api[_-]?key|token|secret)[\w.-]{0,40}`
	literal    = `["']([^"'\n\xff]{4,200})["']`
)

// maxField is how far a field that holds a value reaches, in bytes, up to the value.
const maxField = 400

// fieldRules find secrets in files of settings and in programs, where something else stands between the name and the
// value.
func fieldRules() ([]*rule, error) {
	secretWord := []string{"pass", "pwd", "pw", "api", "token", "secret"}
	password := []string{"pass", "pwd"}
	var rules []*rule
	for _, d := range []struct {
		kind, pattern string
		near          string // stands behind the keyword, if anything in particular does
		keywords      []string
		take          secret
	}{
		{"password", secretName + `()["']?(?:</name>)?[ \t]{0,9},?\s{0,20}(?:-[ \t])?[<"']?\w{0,20}value["']?[ \t]{0,9}[:=>][ \t]{0,9}` + value, "alue", secretWord, fieldValue},
		{"password", secretName + `()["'][ \t]{0,9}\{[^{}\xff]{0,200}?\bdefault[ \t]{0,9}=[ \t]{0,9}` + value, "efault", secretWord, fieldValue},
		{"password", `(?:password|passwd|pwd)[\w.-]{0,40}()["']?>([^<>\n\xff]{4,100})</`, "", password, fieldValue},
		{"password", `(?:password|pwd)()=([^;&"'\n\xff]{4,60} [^;&"'\n\xff]{1,60});`, "", password, listedValue},
		{"password", `(?:password|pwd)()=\{([^{}\n\xff]{4,100})\}`, "", password, fieldValue},
		{"password", `(?:password|passphrase|pwd)()\(` + literal + `\)`, "", password, fieldValue},
		{"password", `password()[ \t]{1,9}'([^'\n\xff]{4,100})'`, "", password, sqlValue},
		{"password", `identified()[ \t]{1,9}by[ \t]{1,9}([^\s'";\xff]{4,100});`, "", []string{"identified"}, fieldValue},
		{"password", `(?:getConnection|connect|auth|credentials?)()[ \t]{0,9}=?[ \t]{0,9}\((?:[ \t]{0,9}["'][^"'\n\xff]{1,200}["'][ \t]{0,9},){1,2}[ \t]{0,9}` + literal, "",
			[]string{"getconnection", "connect", "auth", "credential"}, lastArgument},
		{"password", `login()[ \t]{0,9}\([ \t]{0,9}(?:["'][^"'\n\xff]{1,200}["']|[\w.]{1,60})[ \t]{0,9},[ \t]{0,9}` + literal, "", []string{"login"}, lastArgument},
		{"password", `ConvertTo-SecureString()[ \t]{1,9}(?:-String[ \t]{1,9})?` + literal, "", []string{"convertto-securestring"}, fieldValue},
		{"password", `:\*:[^\s:]{1,60}:[^\s:]{1,60}:([^\s:\xff]{4,100})(?:\s|$)`, "", []string{":*:"}, func(m match) (span, bool) { return m.span(1), isStrange(m.group(1)) }},
		{"authorization-header", `auth\\?["']?[ \t]{0,9}[:=][ \t]{0,9}\\?["']?([a-z0-9+/]{8,400}={0,2})`, "", []string{"auth"}, func(m match) (span, bool) { return m.span(1), isBasic(m.group(1)) }},
		{"access-token", `(?:secret|access)[._-]key()[ \t]{1,9}([\w+/=-]{20,200})`, "", []string{"secret", "access"}, besideToken},
	} {
		r, err := patternRule(d.kind, "(?i)"+d.pattern, d.keywords, d.take)
		if err != nil {
			return nil, err
		}
		if d.kind == "password" {
			r.rank = rankPassword
		}
		if d.near != "" {
			r.likely = func(text string, at int) bool {
				return strings.Contains(text[at:min(len(text), at+maxField)], d.near)
			}
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// fieldValue takes the value of a field, where nothing but one can stand.
func fieldValue(m match) (span, bool) {
	s, v := valueOf(m, 2)
	words := wordsOf(m.text[m.loc[0]:m.loc[2]])
	if len(words) > 0 && (benignSuffix[words[len(words)-1]] || anyIn(wordsOf(labelBefore(m.text, m.loc[0])), positionWords)) {
		return s, false
	}
	return s, isLiteral(v)
}

// lastArgument takes a password from where calls that sign in have it. Other calls have such names too, with words.
func lastArgument(m match) (span, bool) {
	s, v := valueOf(m, 2)
	call := strings.ToLower(labelBefore(m.text, m.loc[0]) + m.text[m.loc[0]:m.loc[2]])
	return s, isLiteral(v) && (isStrange(v) && !wordy(v) || strings.HasSuffix(call, "getconnection") || strings.HasSuffix(call, "basicauth"))
}

func isLiteral(v string) bool {
	return len(v) >= 4 && !isPlaceholderValue(v) && !isReference(v) && !isCode(v) && !talk[strings.ToLower(v)]
}

// listedValue takes a value with a blank out of a list by semicolons.
func listedValue(m match) (span, bool) {
	before := strings.TrimRight(m.text[max(0, m.loc[0]-2):m.loc[0]], " ")
	s, ok := fieldValue(m)
	return s, ok && strings.HasSuffix(before, ";")
}

// sqlValue takes the literal behind PASSWORD, unless both are names in a list.
func sqlValue(m match) (span, bool) {
	s, ok := fieldValue(m)
	return s, ok && (m.loc[0] == 0 || strings.IndexByte(`'"`, m.text[m.loc[0]-1]) < 0)
}

const pemHead = "ls0tls1crudjtib" // base64 of "-----BEGIN "

// findEncodedPEM finds a private key that was encoded as base64 once more, as Kubernetes does.
func findEncodedPEM(text string, at, window int) (span, bool) {
	limit := min(len(text), at+window)
	head, err := base64.StdEncoding.DecodeString(text[at:min(limit, at+64)])
	if err != nil || !strings.Contains(string(head), "PRIVATE KEY") {
		return span{}, false
	}
	end := at
	for end < limit && isToken(text[end]) {
		end++
	}
	return span{at, max(end, keyEnd(text, end, limit))}, true
}

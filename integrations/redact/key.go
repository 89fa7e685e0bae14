package redact

import (
	"regexp"
	"strings"
)

// Ranks of rules: the form of a key says more than the word beside it, and "password" more than that any word for a
// key stands there.
const (
	rankPassword = 1 + iota
	rankToken
	rankPrivateKey
	rankServiceAccount
)

// keyReach bounds how far a private key and the object around it reach, in bytes. An RSA key of 8192 bits has
// 6,500 as PEM.
const keyReach = 16 << 10

// keyRules find private keys and the files that hold them, whole and in part.
func keyRules() []*rule {
	return []*rule{
		keyRule("private-key", rankPrivateKey, findPEM, "private key"),
		keyRule("private-key", rankPrivateKey, findPuTTY, "private-lines:"),
		keyRule("service-account-key", rankServiceAccount, findServiceAccount, "private_key", "service_account"),
		keyRule("private-key", rankPrivateKey, findEncodedPEM, pemHead),
		keyRule("service-account-key", rankServiceAccount, findEncodedAccount, "ewogicj0exblij", "eyj0exblijoic2vydm", "eyj0exblijogin", "eyaidhlwzs"),
	}
}

func keyRule(kind string, rank int, find func(text string, at, window int) (span, bool), keywords ...string) *rule {
	return &rule{kind: kind, rank: rank, specific: true, start: true, keywords: keywords, reach: keyReach, find: find}
}

var (
	pemBegin = regexp.MustCompile(`(?i)(?:[-—–]{1,6} ?)BEGIN[ A-Z0-9_-]{0,40}$`)
	pemEnd   = regexp.MustCompile(`(?i)(?:[-—–]{1,6} ?)END[ A-Z0-9_-]{0,40}$`)
	pemTail  = regexp.MustCompile(`(?i)[-—–]{1,6} ?END[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?(?: ?[-—–]{1,6})?`)
	pemClose = regexp.MustCompile(`(?i)^PRIVATE KEY(?: BLOCK)?(?: ?[-—–]{1,6})?`)
)

// findPEM finds a private key by its first line, to its last line or as far as it looks like one; or by its last
// line, if the first is missing.
func findPEM(text string, at, window int) (span, bool) {
	before := text[max(0, at-60):at]
	limit := min(len(text), at+window)
	line := pemClose.FindStringIndex(text[at:limit])
	if loc := pemBegin.FindStringIndex(before); loc != nil {
		from := at - len(before) + loc[0]
		if next := strings.Index(text[at:limit], "BEGIN"); next >= 0 {
			limit = at + next
		}
		if tail := pemTail.FindStringIndex(text[at:limit]); tail != nil {
			return span{from, at + tail[1]}, true
		}
		return span{from, keyEnd(text, at+line[1], limit)}, true
	}
	if loc := pemEnd.FindStringIndex(before); loc != nil {
		end := at - len(before) + loc[0]
		from := keyStart(text, end)
		return span{from, at + line[1]}, end-from >= 40
	}
	return span{}, false
}

// keyEnd returns where lines of base64, headers and escaped line ends stop.
func keyEnd(text string, i, limit int) int {
	end := i
	for i < limit {
		next := wordEnd(text, i, limit)
		if next == i || !isKeyLine(text[i:next]) {
			return end
		}
		end = next
		for i = next; i < limit && isSpace(text[i]); i++ {
		}
	}
	return end
}

// keyStart returns where the lines of base64 that end at text[:end] start.
func keyStart(text string, end int) int {
	from, low := end, max(0, end-keyReach)
	for i := end; i > low; {
		j := i
		for j > low && isSpace(text[j-1]) {
			j--
		}
		k := j
		for k > low && !isSpace(text[k-1]) {
			k--
		}
		if k == j || !isKeyLine(text[k:j]) {
			return from
		}
		from, i = k, k
	}
	return from
}

func wordEnd(text string, i, limit int) int {
	for i < limit && isSpace(text[i]) {
		i++
	}
	for i < limit && !isSpace(text[i]) {
		i++
	}
	return i
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// isKeyLine says whether word can stand in a private key: base64 of some length, or a header.
func isKeyLine(word string) bool {
	word = strings.Trim(strings.ReplaceAll(word, `\n`, ""), " \t\r\n\\\"',;+>|")
	if word == "" || word == "ENCRYPTED" || strings.HasSuffix(word, ":") || strings.HasPrefix(word, "DES-") || strings.HasPrefix(word, "AES-") || word == "4" || word == "4,ENCRYPTED" {
		return true
	}
	return (len(word) >= 16 || strings.HasSuffix(word, "=")) && all(word, func(b byte) bool {
		return isWord(b) && b != '_' || strings.IndexByte("+/=", b) >= 0
	})
}

// findPuTTY finds the private lines of a PuTTY key file.
func findPuTTY(text string, at, window int) (span, bool) {
	limit := min(len(text), at+window)
	from := wordEnd(text, at+len("private-lines:"), limit) // after the number of lines
	to := keyEnd(text, from, limit)
	return span{from, to}, to-from >= 40
}

var (
	accountField = `\\?["'“”]?(?:type|project_id|private_key_id|private_key|client_email|client_id|auth_uri|token_uri|auth_provider_x509_cert_url|client_x509_cert_url|universe_domain)\\?["'“”]?\s*[:=]\s*`
	accountHead  = regexp.MustCompile(`(?:` + accountField + `\\?["'“”][^"'“”]{0,300}["'“”]?\s*,?\s*)+\\?["'“”]?$`)
	accountTail  = regexp.MustCompile(`^(?:(?:\\?["'“”]?[,\s]|\\n){0,20}` + accountField + `\\?["'“”][^"'“”]{0,300}["'“”]?)+`)
	keyField     = regexp.MustCompile(`^private_key(?:_id)?\\?["'“”]?\s*[:=]\s*\\?["'“”]?([^\s"'“”\\,\xff]{0,300})`)
	accountType  = regexp.MustCompile(`type\\?["'“”]?\s*[:=]\s*\\?["'“”]?$`)
)

// findServiceAccount finds the whole object of a service account's key around one of its fields, or as many
// fields of it as there are.
func findServiceAccount(text string, at, window int) (span, bool) {
	limit := min(len(text), at+window)
	before := text[max(0, at-maxFields):at]
	field := keyField.FindStringSubmatchIndex(text[at:min(limit, at+1000)])
	if field == nil {
		if !accountType.MatchString(before[max(0, len(before)-20):]) {
			return span{}, false
		}
		field = []int{0, len("service_account"), 0, len("service_account")}
	} else if !isKeyValue(text[at+field[2] : at+field[3]]) {
		return span{}, false
	}
	whole := field[2] == 0 // only the type is known so far
	from, to := at+field[2], at+field[1]
	if startsPEM(text[from:]) {
		if tail := pemTail.FindStringIndex(text[to:limit]); tail != nil {
			to += tail[1]
		} else {
			to = keyEnd(text, from+min(len(text)-from, len("-----BEGIN PRIVATE KEY-----")), limit)
		}
	}
	if whole && !strings.Contains(text[to:limit], "private_key") {
		return span{}, false
	}
	to, more := objectEnd(text, to, limit)
	if whole && !more {
		return span{at, to}, false
	}
	if n := headLength(before); n > 0 {
		from = at - n
	}
	if open := strings.LastIndexByte(before, '{'); open >= 0 && !strings.Contains(before[open:], "}") {
		from = at - len(before) + open
	}
	return span{from, to}, true
}

// headLength returns how much of the end of before is fields of a service account's key. It looks back no further than
// there are fields.
func headLength(before string) int {
	length := 0
	for look := 500; ; look *= 2 {
		end := before[max(0, len(before)-look):]
		if loc := accountHead.FindStringIndex(end); loc != nil {
			length = len(end) - loc[0]
		}
		if length < look-450 || look >= len(before) {
			return length
		}
	}
}

func startsPEM(s string) bool { return strings.HasPrefix(s, "-----BEGIN") }

// isKeyValue says whether the value of a key's field is one, not a path, a variable or an example.
func isKeyValue(v string) bool {
	return startsPEM(v) || len(v) >= 16 && all(v, func(b byte) bool {
		return isWord(b) && b != '_' || b == '+' || b == '/' || b == '='
	}) && strings.ContainsAny(v, "0123456789")
}

// maxFields is how much of the fields of a service account's key, besides the key, is looked at in one piece.
const maxFields = 2000

// objectEnd returns where the object ends whose fields go on at text[i], and whether it has a key.
func objectEnd(text string, i, limit int) (end int, key bool) {
	rest := text[i:limit]
	if brace := strings.IndexByte(rest, '}'); brace >= 0 && !strings.Contains(rest[:brace], "{") {
		return i + brace + 1, strings.Contains(rest[:brace], "private_key")
	}
	if loc := accountTail.FindStringIndex(rest[:min(len(rest), maxFields)]); loc != nil {
		return i + loc[1], strings.Contains(rest[:loc[1]], "private_key")
	}
	return i, strings.Contains(rest, "private_key")
}

// findEncodedAccount finds a service account's key as base64, also over several lines.
func findEncodedAccount(text string, at, window int) (span, bool) {
	limit := min(len(text), at+window)
	end := at
	for end < limit && isToken(text[end]) {
		end++
	}
	end = max(end, keyEnd(text, end, limit))
	return span{at, end}, end-at >= 200
}

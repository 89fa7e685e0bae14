package redact

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// secretWords in a name say that its value is secret.
var secretWords = wordSet("password passwd passphrase passcode pwd pw secret secrets credential credentials creds apikey authkey psk")

// keyWords make "key" in the same name secret.
var keyWords = wordSet("api access private secret auth account encryption signing master license storage sas subscription service admin app application hmac")

// idWords in a name say that its key or token is an ordinary id.
var idWords = wordSet(`idempotency idempotent cache partition partitioning sort dedup dedupe deduplication routing primary foreign
	row request trace tracing span correlation message event job run object hash digest checksum etag sha commit page
	next previous prev continuation cursor sync public fingerprint unique composite surrogate cluster clustering shard
	group map dict json column lookup join ordering index bucket lock fencing csrf watermark resume paging offset
	count max min total num limit usage used length len type typed name size expires expiry expiration ttl error
	unexpected invalid missing syntax tokenizer endpoint url uri path file dir directory version policy mode`)

// positionWords before "token" say that it is a place in a list, or a handle of something that runs.
var positionWords = wordSet("page next previous prev continuation cursor sync resume cancellation cancel")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// ordinary says whether the value beside a name is likely an id, a digest or a word rather than a secret.
func ordinary(label, value string) bool {
	if idlike(label, value) {
		return true
	}
	words := wordsOf(label)
	switch {
	case anyIn(words, secretWords):
		return wordy(value)
	case anyIn(words, idWords):
		return true
	case hasWord(words, "token") || hasWord(words, "key") && anyIn(words, keyWords):
		return wordy(value)
	case hasWord(words, "key") || hasWord(words, "auth") || hasWord(words, "access") || hasWord(words, "api"):
		return !random(value)
	}
	return wordy(value) || isDigest(value) && !hasWord(words, "key") && !hasWord(words, "tokens")
}

var (
	jobID = regexp.MustCompile(`^(?:bquxjob|bqjob|job|scheduled|airflow|beam|dataflow)[_-]`)
	stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\d|^\d+(?:[.:,-]\d+)*$`)
)

func idlike(label, value string) bool {
	return jobID.MatchString(value) || stamp.MatchString(value) && !strings.Contains(strings.ToLower(label), "pass")
}

// wordsOf splits a name such as "cacheKey", "cache-key" or "CACHE_KEY2" into words in lower case.
func wordsOf(label string) []string {
	var words []string
	from, prev := 0, rune(0)
	flush := func(to int) {
		if to > from {
			words = append(words, strings.ToLower(label[from:to]))
		}
		from = to
	}
	for i, c := range label {
		if !unicode.IsLetter(c) {
			flush(i)
			from = i + utf8.RuneLen(c)
		} else if unicode.IsUpper(c) && unicode.IsLower(prev) {
			flush(i)
		}
		prev = c
	}
	flush(len(label))
	return words
}

func anyIn(words []string, set map[string]bool) bool {
	for _, w := range words {
		if set[w] {
			return true
		}
	}
	return false
}

func hasWord(words []string, w string) bool { return anyIn(words, map[string]bool{w: true}) }

// wordy says whether value is made of words and short numbers, as names and paths are.
func wordy(value string) bool {
	parts := strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune("-_./:=", c) })
	letters := false
	for _, p := range parts {
		word := strings.TrimRight(p, "0123456789")
		switch {
		case word == "" && len(p) <= 4:
		case isWordlike(word) && len(p)-len(word) <= 3 && (len(parts) > 1 || len(p) == len(word)):
			letters = true
		default:
			return false
		}
	}
	return letters
}

// isWordlike says whether s looks like a word or several in camel case: few changes of case, not too long.
func isWordlike(s string) bool {
	changes := 0
	for i := 0; i < len(s); i++ {
		if !isLetter(s[i]) {
			return false
		}
		if i > 0 && (s[i] < 'a') != (s[i-1] < 'a') {
			changes++
		}
	}
	return 0 < len(s) && len(s) <= 24 && changes*3 <= len(s)
}

// isDigest says whether value is a UUID, ULID or a number in hex, as hashes and trace ids are.
func isDigest(value string) bool {
	hex := strings.ReplaceAll(value, "-", "")
	return len(hex) >= 8 && all(hex, isHex) || isULID(value)
}

func isULID(s string) bool {
	return len(s) == 26 && '0' <= s[0] && s[0] <= '7' && all(s, func(b byte) bool {
		return isDigit(b) || isLetter(b) && strings.IndexByte("ilou", lower(b)) < 0
	})
}

func isHex(b byte) bool { return isDigit(b) || 'a' <= lower(b) && lower(b) <= 'f' }

func all(s string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

// bareDigest says whether value is a digest with no prefix of a service, as git's are.
func bareDigest(value string) bool { return len(value) == 40 && all(value, isHex) }

// random says whether value can hardly be anything but a key: long, all sorts of characters, no digest, no words.
func random(value string) bool {
	var up, low, digit bool
	for i := 0; i < len(value); i++ {
		up = up || 'A' <= value[i] && value[i] <= 'Z'
		low = low || 'a' <= value[i] && value[i] <= 'z'
		digit = digit || isDigit(value[i])
	}
	return up && low && digit && len(value) >= 20 && !isDigest(value) && !wordy(value) && !encodedText(value) &&
		!strings.Contains(value, "..") && entropy(value) > 3.7
}

// encodedText says whether value is base64 of readable text.
func encodedText(value string) bool {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	if err != nil || len(decoded) == 0 {
		return false
	}
	for _, c := range string(decoded) {
		if c == utf8.RuneError || !unicode.IsPrint(c) && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A form is the way in which a value stands beside the word "password". The less it looks like an assignment,
// the more the value itself must look like a secret.
type form int

const (
	assigned form = iota // password=…, password: …
	told                 // the password is …, パスワードは…
	beside               // password …
)

// Pieces of the patterns below. A value runs to the next blank, or to the end of its quotes.
const (
	passwordWord = `(?:pass ?words?|passs ?words?|paswords?|pswd|p/w|passwd|passwort|pass ?phrase|passcode|pass|pwd|pw|pinコード|pin|パスワード|パスコード|パスフレーズ|パス|ﾊﾟｽﾜｰﾄﾞ|暗証番号|暗証コード|認証コード|合言葉)`
	suffix       = `([\w.-]{0,40})`
	closing      = `(?:\\?["'\x60*_~\])」』”]){0,3}`
	remark       = `(?:[ \t]?[(（\[][^()（）\[\]\n\xff]{1,40}[)）\]]|[ \t]+(?:for|of|on|to|in|at)[ \t]+[^\n:=\xff]{1,40}?|の[^\s:=\xff]{1,20}?|入力欄?|欄)?`
	opening      = `[ \t]*[*_~]{0,3}`
	quoted       = `\\?"(?:[^"\\\n\xff]|\\.){1,200}"|'[^'\n\xff]{1,200}'|\x60[^\x60\n\xff]{1,200}\x60|「[^」\n\xff]{1,100}」|『[^』\n\xff]{1,100}』|【[^】\n\xff]{1,100}】|“[^”\n\xff]{1,200}”|‘[^’\n\xff]{1,200}’|⟦[^⟧\n\xff]{1,200}⟧`
	value        = `(` + quoted + `|[!-~\x{a1}-\x{24f}]{1,200})`
	blank        = `[ \t]`
	below        = `(?:(?:[|>][+-]?[ \t]*)?(?:\r?\n[ \t>]*){1,2}(?:\x60{3}\w{0,10}[ \t]*\r?\n)?)?` // the value stands in a line below

	tokenWord = `(?:token|secret(?: key)?|api[ _-]?key|access[ _-]?key|client[ _-]?secret|トークン|シークレット(?:アクセス)?(?:キー)?|api ?キー|アクセスキー|秘密鍵|認証キー|認証情報|アクセストークン|(?:encryption|signing|license|hmac)[ _-]key|psk|暗号化?キー|ライセンスキー|事前共有(?:キー|鍵))`
)

var passwordKeywords = []string{"pass", "pwd", "pw", "pin", "パス", "ﾊﾟｽ", "暗証", "認証コード", "合言葉", "pasw", "pswd", "p/w"}

var tokenKeywords = []string{"token", "secret", "api", "access", "client", "トークン", "シークレット", "アクセスキー", "アクセストークン", "秘密鍵", "認証",
	"encryption", "signing", "license", "hmac", "psk", "暗号", "ライセンスキー", "事前共有"}

// passwordRules find what people call a password or a token, in the many ways in which they write that.
func passwordRules() ([]*rule, error) {
	var rules []*rule
	for _, d := range []struct {
		kind, pattern string
		keywords      []string
		take          secret
	}{
		{"password", `(?i)` + passwordWord + suffix + closing + remark + closing +
			blank + `*(=>|:=|:{1,2}|={1,3}|->|→|⇒|\||>)` + `(?:[*_]{1,2}[ \t])?[ \t]*` + below + opening + value, passwordKeywords, assignedPassword},
		{"password", `(?i)` + passwordWord + suffix + closing + remark +
			`[ \t]+(?:is|was|will be|should be|to|as|に)(?:[ \t]+(?:now|currently|still|set to|changed to|this|the following|just|simply))?[ \t]*:?[ \t]*(?:\r?\n[ \t>]*)?` + opening + value, passwordKeywords, toldPassword},
		{"password", `(?i)` + passwordWord + suffix + `([】〉》\]])[ \t　:]*` + below + opening + value, passwordKeywords, headedPassword},
		{"password", `(?i)` + passwordWord + `()` + closing + `[ \t\n　]+→?` + opening + value, passwordKeywords, besidePassword},
		{"password", `(?:パスワード|パスフレーズ|ﾊﾟｽﾜｰﾄﾞ|暗証番号)()` + value, []string{"パスワード", "パスフレーズ", "ﾊﾟｽﾜｰﾄﾞ", "暗証番号"}, besidePassword},
		{"password", `(?i)(?:log-?in|credentials?|creds|account|ログイン(?:情報)?|アカウント|認証情報)` + blank + `*[:=][ \t]*[\w.@+-]{1,64}[ \t]*/[ \t]*` + value, []string{"login", "log-in", "cred", "account", "ログイン", "アカウント", "認証情報"}, secondOfPair},
		{"password", `(?i)(?:log|logged|sign|signed)[ -]?in[ \t]+(?:with|as|using)[ \t]+[\w.@+-]{1,64}[ \t]*[/:][ \t]*` + value, []string{"login", "loggedin", "signedin", "log in", "log-in", "logged in", "logged-in", "sign in", "sign-in", "signed in", "signed-in", "signin"}, signInPair},
		{"password", `(?i)(?:credentials?|creds|認証情報|ログイン情報)[ \t]*(?:[:=：]|are|は)[ \t]*[\w.@+-]{1,64}(?:[/:]|[ \t]{0,3}/[ \t]{0,3})` + value, []string{"cred", "認証情報", "ログイン情報"}, signInPair},
		{"password", `(?i)(?:basic|ベーシック) ?認証(?:情報)?[ \t　は:、(（「]{1,4}[\w.@+-]{1,64}[ \t]*[/:][ \t]*` + value, []string{"basic", "ベーシック"}, strangePair},
		{"password", `(?i)identified[ \t]+(?:with[ \t]+\w+[ \t]+)?by[ \t]+(?:password[ \t]+)?` + value, []string{"identified"}, optionValue},
		{"access-token", `(?i)(?:token|secret|api[_ -]?keys?|access[_ -]?keys?|client[_ -]?secret|credentials?)` + suffix + closing + remark +
			blank + `*(=>|:=|:{1,2}|={1,3}|\|)` + `[ \t]*(?:\r?\n[ \t>]*)?` + opening + value, []string{"token", "secret", "api", "access", "client", "credential"}, assignedToken},
		{"access-token", `(?i)(?:token|secret|api[_ -]?key|access[_ -]?key|secret[_ -]?key|credential)` + suffix + closing + remark +
			`[ \t]+(?:is|was)[ \t]*:?[ \t]*` + opening + value, []string{"token", "secret", "api", "access", "credential"}, toldToken},
		{"access-token", `(?i)` + tokenWord + `()` + closing + remark +
			`[ \t　]*(?:は|が|を|も|って|に|:|=|\|)(?:(?:以下|下記|次|これ|こちら)(?:の(?:通り|とおり))?(?:です)?[。.]?)?[、,: \t　→]*(?:\r?\n[ \t>]*)?` + opening + value, tokenKeywords, toldToken},
		{"access-token", `(?i)` + tokenWord + `()(?:[】\])）][:：]?[ \t　]*(?:\r?\n)?|[ \t　]*[「『【(（]|[ \t　]+)["'\x60「]?([\w.~+/=-]{16,200})`, tokenKeywords, besideToken},
	} {
		r, err := patternRule(d.kind, d.pattern, d.keywords, d.take)
		if err != nil {
			return nil, err
		}
		if d.kind == "password" {
			r.rank = rankPassword
		}
		rules = append(rules, r)
	}
	both, err := bothRule()
	if err != nil {
		return nil, err
	}
	particle, err := particleRule()
	if err != nil {
		return nil, err
	}
	commands, err := commandRules()
	if err != nil {
		return nil, err
	}
	fields, err := fieldRules()
	if err != nil {
		return nil, err
	}
	spoken, err := spokenRules()
	if err != nil {
		return nil, err
	}
	return slices.Concat(rules, []*rule{particle, columnRule(), signInRule(), both}, commands, fields, spoken), nil
}

// named returns the word of a match as a name, such as "db_password", and whether its value can be a secret.
func named(m match) (name string, ok bool) {
	name = labelBefore(m.text, m.loc[0])
	rest := m.group(1)
	short := isShortWord(m)
	if short && startsWithLetter(rest) || endsWithLetter(name) && short && !startsUpper(m) {
		return "", false // "passed", "compass", "pwned"
	}
	words := wordsOf(rest)
	if len(words) > 0 && benignSuffix[words[len(words)-1]] {
		return "", false
	}
	return strings.ToLower(name), true
}

// isShortWord says whether the word is one of those that are parts of others.
func isShortWord(m match) bool {
	w := strings.ToLower(m.text[m.loc[0]:min(len(m.text), m.loc[0]+8)])
	return hasShortPrefix(w, "pass", "passw", "passphr", "passcode", "passsw") || anyPrefix(w, []string{"pw", "pin", "pswd", "p/w"})
}

func hasShortPrefix(w, short string, longer ...string) bool {
	return strings.HasPrefix(w, short) && !anyPrefix(w, longer)
}

func startsWithLetter(s string) bool { return s != "" && isLetter(s[0]) }

func endsWithLetter(s string) bool { return s != "" && isLetter(s[len(s)-1]) }

func startsUpper(m match) bool { c := m.text[m.loc[0]]; return 'A' <= c && c <= 'Z' }

var benignSuffix = wordSet(`length policy file files field fields expires expired expiry expiration expire reset changed change min max count type
	hint label input prompt required enabled disabled age days attempts retry retries manager url link id ids name path less
	protected protection strength rules rule format check validation validator verify verification encoder store storage
	provider column index list updated created at on error failed failure mode grant hashing algorithm history rotation
	version callback login auth form page ref key_ref stdin env var command arn bucket generator usage limit tokens
	endpoint uri status state size total used remaining lifetime ttl duration timeout`)

func assignedPassword(m match) (span, bool) {
	s, v := valueOf(m, 3)
	name, ok := named(m)
	if !ok {
		return s, false
	}
	sure := m.loc[5] == m.loc[6] && m.group(2) == "="
	if isShortWord(m) && strings.HasPrefix(v, "Test") { // go test: "PASS: TestLoad1"
		return s, false
	}
	if isShortWord(m) && !sure && !mixed(v) && !strings.Contains(name, "_") && !isSymbolic(v) && !isPIN(m, v) && !toldShort(m, s, v) {
		return s, false
	}
	if isMasked(m, s) || isOneTime(m) && !isPIN(m, v) {
		return s, false
	}
	if len(v) == 4 && all(v, isLetter) && canBeArgument(v) && !mayBePath(m) && !followedByWords(m.text[s.to:]) &&
		(strings.Contains(name, ".") || strings.IndexByte(`'"`, m.text[s.from-1]) >= 0 || besideName(m, s)) {
		return s, true
	}
	if mayBePath(m) && !isSymbolic(v) && (strings.Contains(v, "/") || all(v, isLetter) && !besideName(m, s)) {
		return s, false
	}
	return s, isPassword(v, assigned, sure, m.text[s.to:])
}

// headedPassword takes the password below or beside a heading in brackets, as in "【パスワード】sakura2024".
func headedPassword(m match) (span, bool) {
	s, ok := assignedPassword(m)
	return s, ok && headingBefore.MatchString(m.text[max(0, m.loc[0]-maxBeside):m.loc[0]]) && fieldEnd.MatchString(m.text[s.to:])
}

var (
	headingBefore = regexp.MustCompile(`(?:[【〈《]|(?:^|[\s　])\[)[^【〈《\[\]\n]{0,30}$`)
	fieldEnd      = regexp.MustCompile(`^["'\x60」』]?[ \t　]*(?:です|でした)?[ \t　、。,.]*(?:$|\r?\n|[【〈《\[])`)
)

const (
	nameLabel = `(?:\b(?:user(?: ?name)?|uid|login(?: ?id)?|account|id)|ユーザー?(?:名|ID)?|アカウント名?|ログインID)`
	maxBeside = 120 // how far a name stands from its password at most, in bytes
)

var (
	nameThen  = regexp.MustCompile(`(?i)` + nameLabel + `["'*]{0,2}[ \t]*[:=：＝]["'*]{0,2}[ \t　]*["'\x60]?[\w.@+-]*[A-Za-z][\w.@+-]*["'\x60]?[ \t　]*[,;、/／]?[\s　>・-]{0,20}$`)
	thenAName = regexp.MustCompile(`(?i)^["'\x60]?[ \t　]*[,;、/／]?[\s　>・-]{0,20}` + nameLabel + `["'*]{0,2}[ \t]*[:=：＝]`)
)

// besideName says whether a field for the name of a user stands right before the word, or right behind the value.
func besideName(m match, s span) bool {
	at := m.loc[0] - len(labelBefore(m.text, m.loc[0]))
	return nameThen.MatchString(m.text[max(0, at-maxBeside):at]) || thenAName.MatchString(m.text[s.to:min(len(m.text), s.to+maxBeside)])
}

func toldPassword(m match) (span, bool) {
	s, v := valueOf(m, 2)
	if _, ok := named(m); !ok {
		return s, false
	}
	if isPIN(m, v) {
		return s, true
	}
	if keeper.MatchString(m.text[s.to:]) && !isSymbolic(v) {
		return s, false
	}
	if isOneTime(m) || mayBePath(m) && strings.Contains(v, "/") && !isSymbolic(v) {
		return s, false
	}
	return s, isPassword(v, told, !mayBePath(m), m.text[s.to:])
}

// keeper matches what follows in Japanese who has a password, or what has it: "PWはadmin2さんに聞いてください".
var keeper = regexp.MustCompile(`^[ \t]?(?:さん|様|の(?:もの|やつ)|に(?:あり|保存|記載|保管)|で管理)`)

// isOneTime says whether the word is one for a code of digits.
func isOneTime(m match) bool { return strings.HasPrefix(m.text[m.loc[0]:], "認証コード") }

// isMasked says whether more than formatting stands before a value.
func isMasked(m match, s span) bool {
	return strings.HasSuffix(m.text[:min(len(m.text), s.from+1)], "**")
}

// mayBePath says whether the word is a Japanese one that means a path too.
func mayBePath(m match) bool {
	return hasShortPrefix(m.text[m.loc[0]:], "パス", "パスワード", "パスコード", "パスフレーズ")
}

func besidePassword(m match) (span, bool) {
	s, v := valueOf(m, 2)
	if _, ok := named(m); !ok || v == "" || strings.IndexByte(":=|>,./", v[0]) >= 0 {
		return s, false
	}
	return s, isPIN(m, v) || saidBeside(m, s, v) || isPassword(v, beside, false, m.text[s.to:])
}

// secondOfPair takes the password of "login: bob / Spring2024!".
func secondOfPair(m match) (span, bool) {
	s, v := valueOf(m, 1)
	credentials := anyPrefix(strings.ToLower(m.text[m.loc[0]:m.loc[2]]), []string{"cred", "ログイン情報", "認証情報"})
	return s, isPassword(v, beside, false, m.text[s.to:]) || credentials && isNameAndNumber(v)
}

// isNameAndNumber says whether v is letters and at least three digits, as simple passwords are.
func isNameAndNumber(v string) bool { return nameAndNumber.MatchString(v) }

var nameAndNumber = regexp.MustCompile(`^[a-z]{3,20}\d{3,8}[!?#$%]?$`)

// particleRule finds the password of "パスワードは…".
func particleRule() (*rule, error) {
	r, err := patternRule("password", `(?i)`+passwordWord+suffix+closing+remark+
		`[ \t　]*(?:は|が|を|も|って|として|に)(?:多分|たぶん|確か|たしか|おそらく|いつもの|まだ|変わらず)?(?:(?:以下|下記|次|これ|こちら)(?:の(?:通り|とおり))?(?:です|となります|になります)?[。.]?)?[、,: \t　→]*`+below+opening+value, passwordKeywords, toldPassword)
	if err != nil {
		return nil, err
	}
	r.rank = rankPassword
	r.likely = hasKana
	return r, nil
}

// hasKana says whether there is kana near text[at], which all begin with one byte.
func hasKana(text string, at int) bool {
	return strings.IndexByte(text[at:min(len(text), at+maxParticle)], "は"[0]) >= 0
}

// maxParticle is how far a particle stands from the beginning of the word, in bytes.
const maxParticle = 400

// bothRule finds the password of "ID/PW: bob / spring2024" and of "user name and password are bob and spring2024".
func bothRule() (*rule, error) {
	r, err := patternRule("password", `(?i)`+passwordWord+closing+blank+`*(?:[:=]|は|is|are)[ \t]*[\w.@+-]{1,64}(?:[ \t]*[/,、:][ \t]*|[ \t]*と[ \t]*|[ \t]+(?:and[ \t]+)?)`+value,
		passwordKeywords, secondOfBoth)
	if err != nil {
		return nil, err
	}
	r.rank = rankPassword
	r.likely = func(text string, at int) bool { return nameBefore.MatchString(text[max(0, at-maxName):at]) }
	return r, nil
}

// nameBefore is what stands before the word "password" where a name and a password are told as a pair; it is maxName bytes
// long at most.
var nameBefore = regexp.MustCompile(`(?i)(?:\b(?:id|user|user ?name|login|account)|ユーザー?(?:名|ID)?|アカウント名?)[ \t]*(?:[/・&+]|と|and)[ \t]*$`)

const maxName = 40

func secondOfBoth(m match) (span, bool) {
	s, v := valueOf(m, 1)
	after := m.text[s.to:]
	if m.text[m.loc[2]-1] == '/' && m.text[m.loc[2]-2] != ' ' { // "bob/sakura"
		return s, len(v) >= 4 && canBeArgument(v) && !followedByWords(after)
	}
	return s, hasDigit(v) && mixed(v) && isPassword(v, told, true, after)
}

// signInPair takes the password of "logged in with bob/Spring2024!" and of "creds are bob:Spring2024!".
func signInPair(m match) (span, bool) {
	s, v := valueOf(m, 1)
	return s, isPairsPassword(v, m.text[s.to:]) || isNameAndNumber(v) && !strings.HasSuffix(m.text[:m.loc[2]], ": ")
}

// strangePair takes the password of "Basic認証 bob/spring2024".
func strangePair(m match) (span, bool) {
	s, v := valueOf(m, 1)
	return s, isStrange(v) && isSecretLooking(v)
}

// isPairsPassword says whether v is a password, and not a path, a version or an address, which stand in such sentences too.
func isPairsPassword(v, after string) bool {
	return isSymbolic(v) && !strings.Contains(v, "/") && !emailForm.MatchString(v) && isPassword(v, beside, false, after)
}

// signInRule finds the password of "bob/Spring2024! でログイン", which stands before its keyword.
func signInRule() *rule {
	return &rule{
		kind: "password", rank: rankPassword, keywords: []string{"ログイン", "サインイン", "入れ"}, start: true, reach: maxPair, findAll: findSignInPair,
	}
}

// maxPair is how long a pair of a name and a password is at most, in bytes, with what stands between it and the keyword.
const maxPair = 200

var pairBefore = regexp.MustCompile(`[\w.@+-]{1,64}[ \t]*[/:][ \t]*([!-~]{1,100})[ \t　]*(?:で|を使って|にて)再?$`)

func findSignInPair(text string, at, _ int) (found []span, to int) {
	from := max(0, at-maxPair)
	loc := pairBefore.FindStringSubmatchIndex(text[from:at])
	if loc == nil {
		return nil, at
	}
	s := span{from + loc[2], from + loc[3]}
	if v := text[s.from:s.to]; !isPairsPassword(v, text[s.to:]) && !(isNameAndNumber(v) && startsWord(text, from+loc[0])) {
		return nil, at
	}
	return []span{s}, at
}

// startsWord says whether no path or address goes on at text[i].
func startsWord(text string, i int) bool {
	return i == 0 || !isToken(text[i-1]) && text[i-1] != ':'
}

// isPIN says whether v is a number beside a word for PIN.
func isPIN(m match, v string) bool {
	word := m.text[m.loc[0]:]
	if isOneTime(m) && len(v) < 6 {
		return false // of an error
	}
	return (anyPrefix(word, []string{"暗証", "認証コード"}) || strings.HasPrefix(word, "PIN") || strings.HasPrefix(word, "パスコード")) &&
		len(v) >= 4 && all(v, isDigit) && !hasUnit(m.text[m.loc[1]:])
}

func assignedToken(m match) (span, bool) { return tokenValue(m, 3) }

func toldToken(m match) (span, bool) { return tokenValue(m, 2) }

// besideToken takes a token that only stands behind the word, and must look like nothing else.
func besideToken(m match) (span, bool) {
	s, ok := tokenValue(m, 2)
	v := m.text[s.from:s.to]
	return s, ok && isCredential(v) && (hasCases(v) || all(v, isHex))
}

// tokenValue takes the value of a token, which must look like one.
func tokenValue(m match, group int) (span, bool) {
	s, v := valueOf(m, group)
	if len(v) < 8 || !hasDigit(v) || !mixed(v) {
		return s, false
	}
	label := labelBefore(m.text, m.loc[0]) + m.text[m.loc[0]:m.loc[0]+len(m.text[m.loc[0]:s.from])]
	words := wordsOf(label)
	if len(words) > 0 && benignSuffix[words[len(words)-1]] || anyIn(wordsOf(wordBefore(m.text, m.loc[0])), positionWords) {
		return s, false
	}
	japanese := strings.ContainsFunc(m.group(0), func(c rune) bool { return c > 0x3000 })
	if !japanese && !anyIn(words, secretWords) && (anyIn(words, idWords) || !hasWord(words, "token") && !(hasWord(words, "key") && anyIn(words, keyWords))) {
		return s, false
	}
	return s, !wordy(v) && !idlike("", v) && !isPlaceholderValue(v) && !isReference(v) &&
		!isCode(v)
}

// valueOf returns where the value is that a group of m matched, and the value, without quotes and what a sentence
// or a list put behind it.
func valueOf(m match, group int) (span, string) {
	s := m.span(group)
	for s.from < s.to && m.text[s.from] == '\\' {
		s.from++
	}
	v := m.text[s.from:s.to]
	open, n := utf8.DecodeRuneInString(v)
	if i := strings.IndexRune("\"'`「『【“‘⟦", open); i >= 0 && len(v) > n {
		s.from += n
		last, k := utf8.DecodeLastRuneInString(v)
		if strings.ContainsRune("\"'`」』】”’⟧", last) {
			s.to -= k
		}
		return s, m.text[s.from:s.to]
	}
	v = v[:listEnd(v)]
	v = strings.TrimRight(v, `.,;:)]}>"'\|`+"`")
	if i := strings.Index(v, "</"); i >= 0 {
		v = v[:i]
	}
	s.to = s.from + len(v)
	return s, strings.Trim(v, "*_~`")
}

var listMark = regexp.MustCompile(`[;&,]["']?[A-Za-z][\w .-]{0,30}["']?[=:]|["'],|["']\)|\\n|\\"|",`)

// listEnd returns where the first element of a list such as "a;User=b" ends.
func listEnd(v string) int {
	if !strings.ContainsAny(v, `;&,"'\\`) {
		return len(v)
	}
	if loc := listMark.FindStringIndex(v); loc != nil && loc[0] > 0 {
		return loc[0]
	}
	return len(v)
}

// isPassword says whether v, which stands in some form beside the word "password", is one. If it is sure what stands there,
// "password=" or a word that means nothing else, it may be an ordinary word.
func isPassword(v string, f form, sure bool, after string) bool {
	if len(v) < 4 || !strings.ContainsFunc(v, isAlnum) || isPlaceholderValue(v) || isReference(v) || isCode(v) || talk[strings.ToLower(v)] {
		return false
	}
	digits := all(v, func(b byte) bool { return isDigit(b) || b == ',' || b == '.' })
	switch {
	case f == beside:
		return (isSymbolic(v) && hasDigit(v) && mixed(v) || hasDigit(v) && hasCases(v)) && !wordy(v) && !units.MatchString(v) && !isCredentialFree(v)
	case digits && strings.Contains(v, "."): // a version or a rate
		return false
	case digits:
		return !hasUnit(after) && !followedByWords(after) && (f == assigned || sure && !isYear(v)) || !hasUnit(after) && len(v) >= 6
	case units.MatchString(v) || strings.Contains(v, "@") && emailForm.MatchString(v):
		return false
	case hasDigit(v) && strings.ContainsFunc(v, isKanaOrKanji):
		return !conditions.MatchString(v)
	case hasDigit(v) && mixed(v):
		return f == assigned || !wordyHyphen(v)
	case isSymbolic(v):
		return true
	case f == told:
		return strings.Count(v, "-") >= 3 || isDeclared(after) && kanaOnly.MatchString(v) || (isDeclared(after) || sure && isNamed(after)) && all(v, isLetter) && len(v) >= 5
	}
	return sure || !followedByWords(after) && !wordy(v) || all(v, isLetter) && !followedByWords(after) && len(v) >= 5
}

// unit is what makes an amount of digits. Other words behind them do not: "2024spring" is a password.
const unit = `%|[smhdwyxk]|[mun]s|[kmgt]?i?b|[kmg]?hz|px|pt|st|nd|rd|th|(?:min|sec|hr|wk|yr|ch|char|character|digit|letter|symbol|day|hour|minute|second|week|` +
	`month|year|bit|byte|time|attempt|user|item|test|row|case|step|factor)s?|tries`

func isYear(v string) bool { return len(v) == 4 && (v[:2] == "19" || v[:2] == "20") }

// isCredentialFree says whether v is an ordinary id that follows the word by chance.
func isCredentialFree(v string) bool { return isDigest(v) || idlike("", v) }

// wordyHyphen says whether v is a compound such as "sha256-hashed".
func wordyHyphen(v string) bool {
	return strings.Contains(v, "-") && wordy(v) && !hasCases(v) && strings.Count(v, "-") < 3
}

func isAlnum(r rune) bool {
	return r < utf8.RuneSelf && (isLetter(byte(r)) || isDigit(byte(r))) || r > 0x3000 || 0xa1 < r && r < 0x250
}

func isKanaOrKanji(r rune) bool { return r > 0x3000 }

func hasCases(v string) bool {
	return strings.ToLower(v) != v && strings.ToUpper(v) != v
}

// isSymbolic says whether v has signs inside that words don't have.
func isSymbolic(v string) bool {
	inner := strings.TrimRight(v, "!?")
	return strings.ContainsAny(inner, "!@#$%^&*+?~") && strings.ContainsFunc(inner, isAlnum) && len(inner) >= 5 || strings.HasSuffix(v, "!") && hasDigit(v)
}

var (
	units      = regexp.MustCompile(`(?i)^(?:(?:\d+(?:[.,]\d+)?(?:` + unit + `))+|v\d+(?:\.\d+)*|base\d\d(?:-\w+)?|sha-?\d+\S*|md5\S*|bcrypt\S*|argon2\w*|utf-?\d+|oauth2?\S*|2fa|1password\S*|\d+/\d+|[a-z]+\(\d*\))$`)
	unitAfter  = regexp.MustCompile(`^[ \t]?(?:文字|桁|回|日|年|月|時|分|秒|件|人|個|番|章|char|digit|letter|time|day|hour|min|sec|month|year|byte|user|attempt|test|item|row|case|fail|of\b|/|%)`)
	conditions = regexp.MustCompile(`文字|以上|以内|以下|桁|画面|ページ|期限|日|回|年|月`)
	kanaOnly   = regexp.MustCompile(`^[\p{Hiragana}\p{Katakana}ー]{4,20}$`)
	emailForm  = regexp.MustCompile(`^<?(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}>?$`)
	declared   = regexp.MustCompile(`^(?:["'」』】”’\x60*_]{1,3})(?:です|だ|になり|となり|に変更|に設定|でお願い|で[、。\s]|[.!。]?\s*$|[.!。]?\n)`)
	copula     = regexp.MustCompile(`^(?:(?:です|だ|でした)(?:[。．、.,!！?？\s]|$)|でお願い)`)
	wordAfter  = regexp.MustCompile(`^[,.;]?[ \t]+[\p{L}(]`)
)

func hasUnit(after string) bool { return unitAfter.MatchString(after[:min(len(after), 20)]) }

// isDeclared says whether a quoted value ends its sentence.
func isDeclared(after string) bool { return declared.MatchString(after[:min(len(after), 40)]) }

// isNamed says whether a Japanese sentence ends with the value: "パスワードはSakuraです".
func isNamed(after string) bool { return copula.MatchString(after[:min(len(after), 20)]) }

func followedByWords(after string) bool { return wordAfter.MatchString(after[:min(len(after), 12)]) }

var placeholderValue = regexp.MustCompile(`(?i)^(?:[*x.•●＊_#?-]+|<[^<>]*>?|\[[^\[\]]*\]?|\{[^{}]*\}?\}?|!(?:vault|ref|sub|getatt|importvalue|secret|env|include|encrypted|binary)|\$(?:__\w+)?\{.*|\$\(.*|\$[a-z_][a-z_0-9]*|\$\{?\{.*|%[a-z_]+%|%\(?\w*\)?[sdvqr]|:[a-z_][a-z_0-9]*|@[a-z_]+@?|\?\d*|&[a-z_]+\.?|` +
	`null|nil|none|undefined|true|false|empty|required|string|str|text|redacted|hidden|masked|filtered|withheld|placeholder|n/?a|tbd|todo|your[-_ ]?\S*|my[-_ ]?(?:password|secret|token)|dummy|example\S*|\S*\*{3,}\S*|x{4,}\S*|\S*\.\.\.|…|\\?["']+|0+|\(.*)$`)

// isPlaceholderValue says whether v stands for a value rather than being one.
func isPlaceholderValue(v string) bool { return v == "" || placeholderValue.MatchString(v) }

var reference = regexp.MustCompile(`(?i)^(?:[a-z_][\w-]*(?:\.[a-z_]\w*)+(?:\(.*|\[.*)?|(?:[a-z_][a-z_.]*|(?-i:[a-z_]+\d+[a-z_][a-z_.]*))[(\[].*|https?://.*|/[\w.-]+(?:/[\w.-]+)+/?|\.{1,2}/.*|[a-z]+:(?:secret|ssm|arn|vault|env|//).*|arn:.*|[a-z]:\\.*|projects/.*|cat [/~.$].*|(?:gcloud|aws|az|kubectl|vault|op) [a-z-]+ .*|(?:[a-z_-]+|[\w-]+_)?(?:passw|pwd|secret|token|credential|パスワード)[a-z_-]*)$`)

// isReference says whether v names where a secret is: a variable, a call, a path, a link.
func isReference(v string) bool {
	return reference.MatchString(v) && !isSymbolic(v) && !(dotted(v) && hasDigit(v))
}

// dotted says whether v has one dot, as passwords such as "Tanuki.2024" have.
func dotted(v string) bool {
	a, b, ok := strings.Cut(v, ".")
	return ok && !strings.ContainsAny(b, ".([") && all(b, isDigit) && a != ""
}

// isCode says whether v is a piece of a program.
func isCode(v string) bool {
	return strings.ContainsAny(v, "()[]{}") && !hasDigit(v) || strings.Contains(v, "==") || strings.Contains(v, "=>") || strings.HasPrefix(v, "=")
}

var talk = wordSet(`expired expires expiring wrong incorrect correct invalid valid missing required optional needed changed updated reset
	resetting forgotten lost unknown known empty blank null none not set unset stored saved hashed encrypted encoded protected weak strong
	short long old new default same different there here sent shared given fine good okay done yes the this that what when where which who why
	how and but for with from your their its only also always never still just like same above below please see ask check use used using
	must should will can may being been have has had does doesn't didn't isn't wasn't was were are is in on at to of or it be by an if
	string text varchar char integer boolean bool bytes object array number secretstr optional any void var val let const auto
	accepted rejected denied failed failing fails failure success successful ok error disabled enabled locked unlocked visible hidden
	working works broken compromised leaked rotated rotating rotation policy policies generated created removed deleted confidential
	case-sensitive case-insensitive too now currently already stuck out up off over about after before until once then than them they
	mandatory secret private public plain plaintext cleartext managed authentication authenticated unauthorized prompt manager field file
	login username password passwords user email account admin%s followed exactly something anything nothing everything someone somebody
	testing tests test passed pass skipped running option options flag flags argument parameter instead
	thanks thx cheers regards hello hi vault gcloud kubectl 1password keepass bitwarden lastpass sso ldap okta slack teams excel confluence fail forgot`)

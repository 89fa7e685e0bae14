package redact

import (
	"regexp"
	"slices"
	"strings"
)

const (
	phrase      = `["'“\x60「]?((?-i:[a-z]{3,12}(?:[ -][a-z]{3,12}){3,9}))["'”\x60」]?\.?[ \t]{0,9}(?:\r?\n|$)`
	fullWord    = `(?:pass ?words?|passwd|pass ?phrase|パスワード|パスフレーズ)`
	kanaNumber  = `([\p{Hiragana}\p{Katakana}\p{Han}ー]{2,10}[0-9]{3,8}[!#$%&*+?@]?)`
	maybeCopula = `(?:です|でした|になり|でお願い|。|\r?\n|$)`
)

// maxNear is how far what joins a word and its value stands from the beginning of the word, in bytes.
const maxNear = 40

var fullKeywords = []string{"pass", "パスワード", "パスフレーズ"}

// spokenRules find passwords in what people say, where neither a sign nor a verb stands between the word and the value,
// or where the value looks like words.
func spokenRules() ([]*rule, error) {
	rules := []*rule{beforeRule()}
	for _, d := range []struct {
		pattern  string
		keywords []string
		near     []string // one of them stands near the keyword
		take     secret
	}{
		{fullWord + `[*_]{0,3}[ \t]{0,9}[:=][*_ \t]{0,5}` + phrase, fullKeywords, []string{":", "="}, fieldPhrase},
		{fullWord + `[ \t]{1,9}is[ \t]{0,9}:?[ \t]{1,9}["'“\x60]([A-Za-z]{3,12}(?:[ -][A-Za-z]{3,12}){2,9})["'”\x60]`, fullKeywords, []string{" is"}, toldPhrase},
		{`pass ?phrase[ \t]{1,9}is[ \t]{0,9}:?[ \t]{1,9}` + phrase, []string{"pass"}, []string{" is"}, toldPhrase},
		{fullWord + `[ \t　]?[(「『【]([^\s()「」『』【】\xff]{4,100})[)」』】]`, fullKeywords, []string{"(", "「", "『", "【"}, bracketed},
		{fullWord + `[*_]{0,3}[ \t]{1,9}[-–—~][ \t]{1,9}()` + value, fullKeywords, []string{" - ", " – ", " — ", " ~ "}, strangeValue},
		{`パスワード[ \t　]?(?:/|…{1,2}|・{2,3}|ー[ \t　])[ \t　]*()` + value, []string{"パスワード"}, []string{"/", "…", "・・", "ー ", "ー　"}, wholeField},
		{fullWord + `[ \t]{0,9}(?:from|を)[ \t]{0,9}()` + value + `[ \t]{0,9}(?:to|から)`, fullKeywords, []string{"from", "を"}, strangeValue},
		{fullWord + `[ \t]{0,9}(?:from|を)[ \t]{0,9}([!-~]{4,100})[ \t]{0,9}(?:to|から)[ \t]{0,9}` + value, fullKeywords, []string{"from", "を"}, strangeValue},
		{`(?:パスワード|合言葉)は[、 \t「]?` + kanaNumber + `」?` + maybeCopula, []string{"パスワード", "合言葉"}, []string{"は"}, func(m match) (span, bool) { return m.span(1), true }},
	} {
		r, err := patternRule("password", "(?i)"+d.pattern, d.keywords, d.take)
		if err != nil {
			return nil, err
		}
		r.rank = rankPassword
		r.likely = func(text string, at int) bool {
			near := text[at:min(len(text), at+maxNear)]
			return slices.ContainsFunc(d.near, func(s string) bool { return strings.Contains(near, s) })
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// startOfField is what stands before the word "password" in its line where it names a field.
var startOfField = regexp.MustCompile(`(?i)(?:^|\n)[ \t>*•・-]*(?:(?:my|the|new|old|our|temp|temporary|initial|current|db|database|root|admin|zip|wi-?fi|ssh|gpg|key|prod|dev|staging)[ _-]){0,3}$`)

// fieldPhrase takes words that are all of a field, and no talk about it.
func fieldPhrase(m match) (span, bool) {
	s, ok := toldPhrase(m)
	return s, ok && startOfField.MatchString(m.text[max(0, m.loc[0]-60):m.loc[0]])
}

// toldPhrase takes words of which none holds a sentence together, and one at most is often said of passwords.
func toldPhrase(m match) (span, bool) {
	words := wordsOf(m.group(1))
	about := 0
	for _, w := range words {
		if talk[w] {
			about++
		}
	}
	return m.span(1), about <= 1 && !anyIn(words, sentence)
}

var sentence = wordSet(`the and but how for with from your its only also always never still just like same above below please see ask use this that
	what when where which who why must should will can may being been have has had was not after before once then them by if
	any are both could did does each either every few many more most much neither none other our out since some
	such than their these they those though too under until via want wants were while within without would you
	user users admin page link line server error request mail email letters characters words digits days times value
	tried trying needs need works fails failing keeps gets got get set sets give gives given gave tell told send sends handed read write
	authentication connection permission access account team window windows app screen form step issue problem problems question
	add adds added fix fixes fixed remove removes trim hide show shows shown update updates make makes made move moved support supports`)

// bracketed takes a value in brackets, which may hold a remark too.
func bracketed(m match) (span, bool) {
	s := m.span(1)
	v := m.group(1)
	if all(v, isLetter) {
		return s, len(v) >= 4 && !talk[strings.ToLower(v)] && signedIn.MatchString(m.text[s.to:min(len(m.text), s.to+40)])
	}
	return s, isStrange(v) && isSecretLooking(v)
}

var signedIn = regexp.MustCompile(`^[」』】]で(?:ログイン|サインイン|入)`)

// strangeValue takes a value that is no word and no name such as "db01".
func strangeValue(m match) (span, bool) {
	s, v := valueOf(m, 2)
	return s, (isNameAndNumber(v) || hasDigit(v) && hasCases(v) || isSymbolic(v)) && isSecretLooking(v)
}

// wholeField is strangeValue where nothing but the value follows a sign that joins words too.
func wholeField(m match) (span, bool) {
	s, ok := strangeValue(m)
	return s, ok && fieldEnd.MatchString(m.text[s.to:])
}

// isSecretLooking says whether v, which has digits or signs, is no amount, version, address, piece of code or name of a place.
func isSecretLooking(v string) bool {
	return len(v) >= 4 && canBeArgument(v) && !isCode(v) && !units.MatchString(v) && !conditions.MatchString(v) && !wordy(v) && !emailForm.MatchString(v) &&
		!isCredentialFree(v)
}

// beforeRule finds the password of "Spring2024! as password" and "sakura2024がパスワードです", which stands before the word.
func beforeRule() *rule {
	return &rule{
		kind: "password", rank: rankPassword, keywords: []string{"password", "パスワード", "pw"}, start: true, reach: maxPair, findAll: findBefore,
	}
}

var (
	valueBefore = regexp.MustCompile("[\"'`「『]?([!-~]{4,60}?)[\"'`」』]?" + `(?: as (?:the |my |a |an? initial )?(?:\w{1,12} )?|[ \t　]*(?:という|[がを])(?:仮|初期|新しい)?)$`)
	// declares matches the word where what stands before it is said to be it.
	declares = regexp.MustCompile(`^(?i:パスワード|pw)(?:です|でした|なの|だと|に設定|にし|として)`)
)

func findBefore(text string, at, _ int) (found []span, to int) {
	near := text[max(0, at-maxNear):at]
	if !strings.Contains(near, " as ") && !strings.Contains(near, "という") && !declares.MatchString(text[at:min(len(text), at+maxNear)]) {
		return nil, at
	}
	from := max(0, at-maxPair/2)
	loc := valueBefore.FindStringSubmatchIndex(text[from:at])
	if loc == nil {
		return nil, at
	}
	s := span{from + loc[2], from + loc[3]}
	v := text[s.from:s.to]
	english := text[at] < 0x80 && text[at-1] < 0x80
	if !hasDigit(v) || english && !hasCases(v) && !isSymbolic(v) || !mixed(v) || !isSecretLooking(v) {
		return nil, at
	}
	return []span{s}, at
}

var (
	userBefore = regexp.MustCompile(`(?i)(?:\b(?:user(?: ?name)?|login|account|id|log(?:ged)? in as|sign(?:ed)? in as)|ユーザー?(?:名|ID)?|アカウント名?|ログインID)[ \t　:=：]+[\w.@+-]{1,64}["']?[ \t]*[,、;/]?[\s　]{1,20}(?:(?:and|with|plus) )?(?:the |his |her |my )?$`)
	useBefore  = regexp.MustCompile(`(?i)\b(?:with|use|using|used|tried|try|my|new|temporary|initial)(?: (?:the|this|my|new))?[ \t]$`)
)

// saidBeside says whether v is a password that only stands behind the word: after a user, after a verb, or in Japanese.
func saidBeside(m match, s span, v string) bool {
	at := m.loc[0]
	before := m.text[max(0, at-maxBeside):at]
	after := m.text[s.to:]
	digits := all(v, isDigit)
	switch {
	case len(v) < 4 || !canBeArgument(v):
		return false
	case userBefore.MatchString(before):
		return isStrange(v) && isSecretLooking(v) || all(v, isLetter) && !followedByWords(after)
	case m.text[at] >= 0x80 && !mayBePath(m):
		return isStrange(v) && isSecretLooking(v) || digits && !isYear(v) && !hasUnit(after)
	case useBefore.MatchString(before):
		return isStrange(v) && hasDigit(v) && isSecretLooking(v)
	}
	return false
}

// toldShort says whether v is a password beside "pw" or "pass", which are parts of other words and mean tests too.
func toldShort(m match, s span, v string) bool {
	word := strings.ToLower(m.text[m.loc[0]:min(len(m.text), m.loc[0]+3)])
	switch {
	case besideName(m, s):
		return true
	case strings.HasPrefix(word, "pw") && word != "pwd":
		return m.group(2) == ":" || m.group(2) == "】"
	case all(v, isDigit) && len(v) >= 4 && strings.HasPrefix(word, "pas"):
		around := wordsOf(strings.ToLower(m.text[max(0, m.loc[0]-60):min(len(m.text), s.to+60)]))
		return startOfField.MatchString(m.text[max(0, m.loc[0]-60):m.loc[0]]) && lineEnd.MatchString(m.text[s.to:]) && !slices.ContainsFunc(around, func(w string) bool { return testWords[w] })
	}
	return false
}

var (
	lineEnd   = regexp.MustCompile(`^["'.]?[ \t]*(?:\r?\n|$)`)
	testWords = wordSet("fail failed failures failure skip skipped test tests total error errors row rows count rate result results")
)

package redact

import (
	"regexp"
	"strings"
)

const (
	arguments = `(?:[ \t][^\n\xff]{0,200}?)?`
	netPlace  = `(?:\S{1,3}[ \t]{1,9})?\\\\[^\s\xff]{1,200}[ \t]{1,9}(?:/user:[^\s\xff]{1,100}[ \t]{1,9})?`
)

// commandRules find passwords among the arguments of commands.
func commandRules() ([]*rule, error) {
	var rules []*rule
	for _, d := range []struct {
		pattern  string
		keywords []string
		take     secret
	}{
		{`net use[ \t]{1,9}` + netPlace + value, []string{"net use"}, netValue},
		{`net user[ \t]{1,9}[\w.\\-]{1,60}[ \t]{1,9}` + value, []string{"net user"}, netValue},
		{`/pass(?:word)?:` + value, []string{"/pass"}, argument},
		{`-(?:pass(?:word|wd|phrase)?|pwd|secret|token|api-?key|auth-token|access-key|client-secret)[= \t]+` + value,
			[]string{"-pass", "-pwd", "-secret", "-token", "-api", "-auth", "-access", "-client"}, optionValue},
		{`-pass(?:in|out)?[ \t]{1,9}pass:` + value, []string{"-pass"}, argument},
		{`(?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mongo|mongosh|mongodump|7za?)` + arguments + `[ \t]-p[ \t]{0,9}` + value,
			[]string{"mysql", "mariadb", "mongo", "7z"}, gluedValue},
		{`(?:sshpass|sqlcmd|bcp|beeline|zip|unzip|az login|(?:docker|podman|helm[ \t]{1,9}registry)[ \t]{1,9}login)` + arguments + `[ \t]-p[ \t]{0,9}` + value,
			[]string{"sshpass", "sqlcmd", "bcp", "beeline", "zip", "unzip", "az login", "docker", "podman", "helm"}, argument},
		{`(?:putty|plink|pscp|psftp)` + arguments + `[ \t]-pw[ \t]{1,9}` + value, []string{"putty", "plink", "pscp", "psftp"}, argument},
		{`(?:curl|wget)` + arguments + `[ \t](?:-u|--user|-U|--proxy-user)[ \t=]{0,9}["']?[\w.@+\\-]{1,64}:` + value, []string{"curl", "wget"}, argument},
		{`redis-cli` + arguments + `[ \t]-a[ \t]{1,9}` + value, []string{"redis-cli"}, argument},
		{`ldap(?:search|modify|add|passwd)` + arguments + `[ \t]-w[ \t]{0,9}` + value, []string{"ldap"}, argument},
		{`htpasswd[ \t]{1,9}-\w{0,5}b\w{0,5}[ \t]{1,9}\S{1,200}[ \t]{1,9}\S{1,60}[ \t]{1,9}` + value, []string{"htpasswd"}, argument},
		{`lftp` + arguments + `[ \t]-u[ \t]{0,9}['"]?[^\s,'"\xff]{1,60},` + value, []string{"lftp"}, argument},
		{`smbclient` + arguments + `[ \t]-U[ \t]{0,9}['"]?[^\s%'"\xff]{1,60}%` + value, []string{"smbclient"}, argument},
		{`echo[ \t]{1,9}(?:-n[ \t]{1,9})?` + value + `[ \t]{0,9}\|[ \t]{0,9}(?:sudo[ \t]{1,9}-S|kinit|[\w. \t/-]{1,100}--password-stdin)`, []string{"echo"}, argument},
		{`(?:(?:sqlplus|expdp|impdp|sqlldr|connect)[ \t]|exp |imp |conn )[ \t]{0,9}(?:-\w+[ \t]{1,9}){0,5}['"]?[\w$#]{1,60}/([^\s@"'/\xff]{1,100})@[A-Za-z/]`,
			[]string{"sqlplus", "expdp", "impdp", "exp ", "imp ", "sqlldr", "connect", "conn "}, argument},
		{`(?:sqlplus|expdp|impdp|sqlldr)[ \t]{1,9}(?:-\w+[ \t]{1,9}){0,5}['"]?[\w$#]{1,60}/([^\s@"'/\xff]{1,100})`,
			[]string{"sqlplus", "expdp", "impdp", "sqlldr"}, strangeArgument},
	} {
		r, err := patternRule("password", "(?i)"+d.pattern, d.keywords, d.take)
		if err != nil {
			return nil, err
		}
		r.rank = rankPassword
		rules = append(rules, r)
	}
	return rules, nil
}

// optionValue takes what follows an option that is for a secret.
func optionValue(m match) (span, bool) {
	s, v := valueOf(m, 1)
	if name := labelBefore(m.text, m.loc[0]); m.text[m.loc[0]] == '-' && name != "" && name[0] != '-' {
		return s, false // "db-password"
	}
	if strings.HasPrefix(m.text[m.loc[0]:], "-secret") && secretsCommand.MatchString(m.text[max(0, m.loc[0]-200):m.loc[0]]) {
		return s, false
	}
	v = strings.TrimRight(v, "?!")
	if len(v) < 3 || !canBeArgument(v) {
		return s, false
	}
	return s, !all(v, isLetter) || m.text[s.from-1] != ' ' || isInCommand(m, s) || len(v) >= 6 && !followedByWords(m.text[s.to:])
}

// secretsCommand matches a command about stored secrets, which --secret names.
var secretsCommand = regexp.MustCompile(`\b(?:gcloud[ \t]+secrets|aws[ \t]+secretsmanager|az[ \t]+keyvault)[ \t][^\n]*$`)

// argument takes what follows an option in a command that signs in.
func argument(m match) (span, bool) {
	s, v := valueOf(m, 1)
	return s, len(v) >= 4 && canBeArgument(v) && (!all(v, isLetter) || m.text[s.from-1] != ' ' || isInCommand(m, s))
}

// strangeArgument takes an argument that is no word.
func strangeArgument(m match) (span, bool) {
	s, v := valueOf(m, 1)
	return s, len(v) >= 4 && canBeArgument(v) && isStrange(v)
}

// gluedValue takes what stands behind -p without a blank. Behind a blank it is more likely a database.
func gluedValue(m match) (span, bool) {
	s, v := valueOf(m, 1)
	glued := isWord(m.text[m.loc[2]-1])
	return s, len(v) >= 4 && canBeArgument(v) && !all(v, func(b byte) bool { return isDigit(b) || b == ':' }) &&
		(glued && !strings.HasPrefix(v, "rot") && !strings.HasPrefix(v, "ort") || isStrange(v))
}

// netValue takes the password of "net use", which talk may follow in its place.
func netValue(m match) (span, bool) {
	s, v := valueOf(m, 1)
	return s, len(v) >= 4 && v[0] != '/' && canBeArgument(v) && (isStrange(v) || netEnd.MatchString(m.text[s.to:min(len(m.text), s.to+20)]))
}

var netEnd = regexp.MustCompile(`^["']?[ \t]{0,9}(?:$|[\r\n]|/\w)`)

func canBeArgument(v string) bool {
	return !strings.HasPrefix(v, "-") && !isPlaceholderValue(v) && !isReference(v) && !talk[strings.ToLower(v)]
}

// isStrange says whether v is no word and no number.
func isStrange(v string) bool { return mixed(v) && hasDigit(v) || isSymbolic(v) }

var (
	optionBefore = regexp.MustCompile(`[ \t](?:--?[A-Za-z]|/\w+:)`)
	lastOption   = regexp.MustCompile(`[ \t]-[\w-]+[= \t]*$`)
	commandAfter = regexp.MustCompile(`^["']?[ \t]{1,9}(?:-|["'/|>\\]|(?:ssh|scp|sftp|rsync)[ \t]|[\w-]*[/@:.]\w)`)
)

// isInCommand says whether the word s of a match is an argument rather than talk: the match began with options, or an
// option, a path or an address follows.
func isInCommand(m match, s span) bool {
	line := m.text[max(0, m.loc[0]-200):m.loc[2]]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	line = line[:len(line)-len(lastOption.FindString(line))]
	return optionBefore.MatchString(line) || commandAfter.MatchString(m.text[s.to:min(len(m.text), s.to+100)])
}

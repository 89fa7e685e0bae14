package redact

import (
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// minRecall is the bound on how many planted secrets are taken out, of each kind.
const minRecall = 0.98

// kinds make a secret each, different for each seed; said is how people write it.
var planted = []struct {
	name   string
	secret func(seed uint64) string
	said   []string // SECRET stands for it
}{
	{"AWS key", func(n uint64) string { return "AKIA" + fill(16, upper32, n) }, []string{"SECRET"}},
	{"GitHub token", func(n uint64) string { return "ghp_" + fill(36, alnum, n) }, []string{"SECRET"}},
	{"Slack bot token", func(n uint64) string {
		return "xoxb-" + fill(12, "123456789", n) + "-" + fill(12, "123456789", n+1) + "-" + fill(24, alnum, n+2)
	}, []string{"SECRET"}},
	{"Google API key", func(n uint64) string { return "AIza" + fill(35, alnum, n) }, []string{"SECRET"}},
	{"JWT", func(n uint64) string {
		return "eyJhbGciOiJIUzI1NiJ9.eyJ" + fill(40, alnum, n) + "." + fill(43, alnum, n+1)
	}, []string{"SECRET"}},
	{"API key", func(n uint64) string { return fill(32, alnum, n) }, []string{"api_key=SECRET", "API_KEY: SECRET", `"apiKey": "SECRET"`, "client_secret = 'SECRET'", "access token: SECRET", "APIキー：SECRET"}},
	{"password, mixed", func(n uint64) string {
		return fill(7, alnum, n) + fill(2, "0123456789", n+1) + fill(1, "!#%+", n+2) + "x"
	}, passwordPhrases},
	{"password, letters and digits", func(n uint64) string { return fill(6, "abcdefghijkmnopqrstuvwxyz", n) + fill(3, "23456789", n+1) }, passwordPhrases},
	{"password, digits and letters", func(n uint64) string { return fill(4, "23456789", n) + fill(5, "abcdefghijkmnopqrstuvwxyz", n+1) }, passwordPhrases},
	{"password in an address", func(n uint64) string { return fill(10, alnum, n) + "x1" }, []string{"postgres://etl:SECRET@db1:5432/sales", "jdbc:mysql://db1/s?user=a&password=SECRET", "amqp://a:SECRET@mq1/"}},
	{"bearer token", func(n uint64) string { return fill(32, alnum, n) + "a1B" }, []string{"Authorization: Bearer SECRET", `-H "authorization: bearer SECRET"`}},
}

var passwordPhrases = []string{
	"password is SECRET", "the password is SECRET", "password: SECRET", "Password = SECRET", "password=SECRET", "pw: SECRET", "pass: SECRET",
	"pwd=SECRET", "the password for db1 is SECRET", "password (staging): SECRET", `{"password": "SECRET"}`, "DB_PASSWORD=SECRET",
	"export PGPASSWORD=SECRET", "--password SECRET", "mysql -u bob -pSECRET sales", "| password | SECRET |", "<password>SECRET</password>",
	"パスワードはSECRETです", "パスワード：SECRET", "パスワード: SECRET", "パスワードは「SECRET」です", "パスワード（本番）：SECRET", "パスワードをSECRETに変更", "初期パスワードは SECRET です", "PW：SECRET",
}

// places are where a secret stands in a message.
var places = []string{
	"SAID", "Hi, SAID", "SAID, thanks!", "here you are: (SAID)", "line one\nSAID\nline three", "*SAID*", "`SAID`", "```\nSAID\n```", "> SAID",
	"お疲れ様です。SAID。よろしくお願いします。", "設定：\n・SAID\n・以上", "1. SAID", "- SAID # gitleaks:allow", "ok\tSAID\tok", "SAID\r\nbye",
}

func TestPlantedSecretsAreTakenOut(t *testing.T) {
	r := newRedactor(t)
	plain, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	var all, ours, theirs int
	for i, kind := range planted {
		n, hit, hitPlain := 0, 0, 0
		for j, said := range kind.said {
			for k, place := range places {
				secret := kind.secret(uint64(i*10000 + j*100 + k + 1))
				text := strings.Replace(place, "SAID", strings.Replace(said, "SECRET", secret, 1), 1)
				n++
				if got, found := r.String(text); len(found) < 3 && !strings.Contains(got, secret[2:len(secret)-2]) {
					hit++
				} else {
					t.Logf("missed: %q", text)
				}
				for _, f := range plain.DetectString(text) {
					if strings.Contains(f.Secret, secret[2:len(secret)-2]) {
						hitPlain++
						break
					}
				}
			}
		}
		all, ours, theirs = all+n, ours+hit, theirs+hitPlain
		t.Logf("%s: %d of %d; plain gitleaks %d", kind.name, hit, n, hitPlain)
		if float64(hit) < minRecall*float64(n) {
			t.Errorf("%s: only %d of %d taken out", kind.name, hit, n)
		}
	}
	t.Logf("all: %d of %d (%.1f %%); plain gitleaks %d (%.1f %%)", ours, all, 100*float64(ours)/float64(all), theirs, 100*float64(theirs)/float64(all))
}

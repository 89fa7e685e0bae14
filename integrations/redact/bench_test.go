package redact

import (
	"runtime"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"
)

const (
	ordinaryEnglish  = "Hi team, the nightly load of `sales.orders` fails since this morning. The job bquxjob_5451d99e_18f95346080 says: Error while reading data, error message: JSON table encountered too many errors, giving up. Rows: 1204; errors: 3. I checked the access rights of the dataset and they look fine. Nothing changed on our side. Could you have a look, please? The dashboard for the board meeting at 15:00 needs it, thanks a lot!"
	ordinaryJapanese = "お疲れ様です。売上テーブル`sales.orders_20240501`のロードが今朝から失敗しています。ジョブID：bquxjob_5451d99e_18f95346080 のログを見ると「JSON table encountered too many errors」と出ています。権限は昨日と変わっていないはずです。１５：００の会議でダッシュボードを使うので、ご確認いただけますか？"
)

// logOf returns at least n bytes of ordinary log.
func logOf(t testing.TB, n int) string {
	lines, _ := corpus(t)
	text := strings.Join(lines, "\n") + "\n"
	return strings.Repeat(text, n/len(text)+1)[:n]
}

func benchmarkText(b *testing.B, text string) {
	r := newRedactor(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r.String(text)
	}
}

func BenchmarkMessageInEnglish(b *testing.B)  { benchmarkText(b, ordinaryEnglish) }
func BenchmarkMessageInJapanese(b *testing.B) { benchmarkText(b, ordinaryJapanese) }
func BenchmarkLogOf60kB(b *testing.B)         { benchmarkText(b, logOf(b, 60_000)) }
func BenchmarkLogOf1MB(b *testing.B)          { benchmarkText(b, logOf(b, 1_000_000)) }

func BenchmarkPlainGitleaks(b *testing.B) {
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"message": ordinaryEnglish, "60kB": logOf(b, 60_000), "1MB": logOf(b, 1_000_000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d.DetectString(text)
			}
		})
	}
}

// BenchmarkHostileMessage searches the longest message of Slack, filled with what a rule looks far ahead or back for.
func BenchmarkHostileMessage(b *testing.B) {
	for name, part := range map[string]string{
		"headings":         "password,a\n",
		"many columns":     "password,x,password,y\na,b,c,d\n",
		"words in a row":   "pass,",
		"account types":    `"type":"service_account"`,
		"account fields":   `"type":"service_account",`,
		"headers":          "authorization=",
		"cookies":          "cookie: a=b;",
		"options":          "-token=",
		"addresses":        "://=",
		"talk of a secret": "password is ",
		"in brackets":      "【パスワード】",
		"in square ones":   "[pw] ",
		"users of curl":    "curl -u a:",
		"proxies":          "proxy=a:",
		"calls":            "login(a,",
		"pairs":            "basic 認証 a/",
	} {
		b.Run(name, func(b *testing.B) { benchmarkText(b, strings.Repeat(part, 40_000/len(part))) })
	}
}

// BenchmarkNew measures the start, and as heap-MB what stays in memory once all of the corpus was searched.
func BenchmarkNew(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var r *Redactor
	for b.Loop() {
		r = newRedactor(b)
	}
	r.String(logOf(b, 60_000))
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc)/1e6-float64(before.HeapAlloc)/1e6, "heap-MB")
	runtime.KeepAlive(r)
}

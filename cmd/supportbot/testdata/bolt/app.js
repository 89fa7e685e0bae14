// A mention of the support group becomes an issue, and the thread is told its link. What is in hand when this
// process ends is lost, and what comes twice is done twice.
const { App, LogLevel } = require('@slack/bolt');
const { createIssue } = require(`./${process.env.GITHUB_CLIENT}.js`);

const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SUPPORT_GROUP } = process.env;

const app = new App({
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: SLACK_API_URL },
});

app.message(`<!subteam^${SUPPORT_GROUP}>`, async ({ message, client }) => {
  const issue = await createIssue(message.text.split('\n')[0].slice(0, 80), message.text);
  await client.chat.postMessage({
    channel: message.channel,
    thread_ts: message.ts,
    text: `Thank you, received: <${issue.html_url}|#${issue.number}>`,
  });
});

app.start();

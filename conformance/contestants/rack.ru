# Rack with Rack::Session::Pool, its server-side store in memory: https://github.com/rack/rack-session
require "rack"
require "rack/session/pool"

LIFETIME = (ENV["IDLE_SECONDS"] || ENV["TTL_SECONDS"]).to_i
PROXIED = ENV["PROXIED"] == "1"

use Rack::Session::Pool, expire_after: LIFETIME, same_site: :lax, httponly: true, secure: PROXIED

run(lambda do |env|
  request = Rack::Request.new(env)
  session = request.session
  query = request.GET
  pause = -> { sleep(query["ms"].to_i / 1000.0) }
  headers = { "content-type" => "text/plain" }
  status = 200
  text =
    case "#{request.request_method} #{request.path_info}"
    when "GET /me" then session["user"].to_s
    when "GET /get" then session["data-#{query["key"]}"].to_s
    when "GET /private" then "the page of #{session["user"]}"
    when "GET /public"
      session["data-seen"] = "1"
      headers["cache-control"] = "public, max-age=60"
      "public"
    when "POST /set"
      session["opened"]
      pause.call
      session["data-#{query["key"]}"] = query["value"]
      "ok"
    when "POST /count"
      count = session["data-count"].to_i
      pause.call
      session["data-count"] = count + 1
      (count + 1).to_s
    when "POST /login"
      env["rack.session.options"][:renew] = true
      session["user"] = query["user"]
      "ok"
    when "POST /logout"
      session["opened"]
      pause.call
      session.destroy
      "ok"
    when "POST /renew"
      session["opened"]
      pause.call
      env["rack.session.options"][:renew] = true
      "ok"
    else
      status = 501
      ""
    end
  [status, headers, [text]]
end)

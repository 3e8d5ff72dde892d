<?php
// PHP with its own sessions in files, as the manual's page on security sets them up:
// https://www.php.net/manual/en/session.security.ini.php
ini_set('session.save_path', getenv('DATA_DIR'));
ini_set('session.use_strict_mode', '1');
ini_set('session.use_only_cookies', '1');
ini_set('session.cookie_httponly', '1');
ini_set('session.cookie_samesite', 'Lax');
ini_set('session.cookie_secure', getenv('PROXIED') === '1' ? '1' : '0');
$lifetime = (int) (getenv('IDLE_SECONDS') ?: getenv('TTL_SECONDS'));
ini_set('session.gc_maxlifetime', (string) $lifetime);
ini_set('session.cookie_lifetime', (string) $lifetime);
// Files that are too old are swept away by chance; here with every request, so that the lifetime can be seen at all.
ini_set('session.gc_probability', '1');
ini_set('session.gc_divisor', '1');

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$pause = fn () => usleep((int) ($_GET['ms'] ?? 0) * 1000);
header('Content-Type: text/plain');
session_start();
switch ($_SERVER['REQUEST_METHOD'] . ' ' . $path) {
    case 'GET /me':
        echo $_SESSION['user'] ?? '';
        break;
    case 'GET /get':
        echo $_SESSION['data-' . $_GET['key']] ?? '';
        break;
    case 'GET /private':
        echo 'the page of ' . $_SESSION['user'];
        break;
    case 'GET /public':
        $_SESSION['data-seen'] = '1';
        header('Cache-Control: public, max-age=60');
        echo 'public';
        break;
    case 'POST /set':
        $pause();
        $_SESSION['data-' . $_GET['key']] = $_GET['value'];
        echo 'ok';
        break;
    case 'POST /count':
        $count = $_SESSION['data-count'] ?? 0;
        $pause();
        $_SESSION['data-count'] = $count + 1;
        echo $count + 1;
        break;
    case 'POST /login':
        session_regenerate_id(true);
        $_SESSION['user'] = $_GET['user'];
        echo 'ok';
        break;
    case 'POST /logout':
        $pause();
        $_SESSION = [];
        setcookie(session_name(), '', time() - 42000, '/');
        session_destroy();
        echo 'ok';
        break;
    case 'POST /renew':
        $pause();
        session_regenerate_id(true);
        echo 'ok';
        break;
    default:
        http_response_code(501);
}

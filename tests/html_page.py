#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# html_page.py PAGE WIDTH light|dark [SCREENSHOT]: opens a report in headless Chromium, uses it as a reader would, and
# prints what it was like as one JSON object. Without chromium or selenium: exit status 77.
import base64
import json
import os
import shutil
import sys

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    sys.exit(77)
driver_path = shutil.which('chromedriver')
if not driver_path or not shutil.which('chromium'):
    sys.exit(77)

page, width, scheme = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = Options()
for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars'):
    options.add_argument(argument)
options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
driver = webdriver.Chrome(service=Service(driver_path), options=options)
js = driver.execute_script

# Of each plot: whether its own canvas has a pixel that is not empty.
DRAWN = '''return [...document.querySelectorAll('.plot')].map(plot => {
    const canvas = plot.querySelector('canvas');
    if (!canvas) return false;
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return data.some((v, i) => i % 4 == 3 && v > 200);
})'''
RANGE = "const e = document.getElementById('range'); return e ? e.textContent : null"

try:
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride',
                           {'width': width, 'height': 800, 'deviceScaleFactor': 1, 'mobile': width < 500})
    driver.execute_cdp_cmd('Emulation.setEmulatedMedia',
                           {'features': [{'name': 'prefers-color-scheme', 'value': scheme}]})
    driver.get('file://' + os.path.abspath(page))
    out = {
        'plots': js("return document.querySelectorAll('.plot').length"),
        'drawn': js(DRAWN),
        'too_wide': js('return document.documentElement.scrollWidth - innerWidth'),
        'background': js("return getComputedStyle(document.body).backgroundColor"),
        'pwned': js('return window.pwned === undefined ? null : window.pwned'),
        'foreign_elements': js("return document.querySelectorAll('img, iframe, object, embed, link, b').length"),
        'scripts': js("return document.scripts.length"),
        'loaded': js("return performance.getEntriesByType('resource').map(e => e.name)"),
        'legend': js("return [...document.querySelectorAll('.legend .name')].map(e => e.textContent)"),
        'headings': js("return [...document.querySelectorAll('h2, .chart h3')].map(e => e.textContent.trim())"),
        'whole': js(RANGE),
        'reached': js("return [...document.querySelectorAll('.wide')].map(e => [e.scrollWidth > e.clientWidth, e.tabIndex == 0])"),
    }
    if out['plots']:
        driver.find_element(By.CSS_SELECTOR, '[data-do="in"]').click()
        out['zoomed'] = js(RANGE)
        last = driver.find_elements(By.CSS_SELECTOR, '.plot')[-1]
        js('arguments[0].focus()', last)
        ActionChains(driver).send_keys(Keys.ARROW_RIGHT).perform()
        out['moved'] = js(RANGE)
        ActionChains(driver).send_keys('0').perform()
        out['all_again'] = js(RANGE)
        button = driver.find_element(By.CSS_SELECTOR, '.legend button')
        js('arguments[0].scrollIntoView()', button)
        js('arguments[0].click()', button)
        out['hidden_line'] = button.get_attribute('aria-pressed')
        js('arguments[0].click()', button)
        js("window.scrollTo(0, 0)")
        show = driver.find_elements(By.CSS_SELECTOR, '[data-zoom]')
        if show:
            js('arguments[0].click()', show[0])
            out['finding_shown'] = js(RANGE)
            js("document.querySelector('[data-do=all]').click()")
    if len(sys.argv) > 4:
        height = js('return document.documentElement.scrollHeight')
        shot = driver.execute_cdp_cmd('Page.captureScreenshot', {
            'captureBeyondViewport': True, 'clip': {'x': 0, 'y': 0, 'width': width, 'height': height, 'scale': 1}})
        with open(sys.argv[4], 'wb') as f:
            f.write(base64.b64decode(shot['data']))
    out['console'] = [entry['message'] for entry in driver.get_log('browser')]
    print(json.dumps(out))
finally:
    driver.quit()
